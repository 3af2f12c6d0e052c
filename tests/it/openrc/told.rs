//! What a person says of a setting is known then, and so is what refers to it; nothing else is.

use osagent::openrc::{Context, NoFiles, Reading, Told, draft, read_told};
use osagent::secret::Secret;

fn reading(text: &str, told: &[Told]) -> Reading {
    let context = Context {
        home: "/home/ada",
        user: "ada",
        dir: "/home/ada",
        file_name: "openrc.sh",
        args: &[],
        answers: &[],
        files: &NoFiles,
    };
    read_told(text.as_bytes(), &context, told).unwrap()
}

/// Says `value` of the first unknown.
fn say(text: &str, value: &str) -> (Reading, Told) {
    let before = reading(text, &[]);
    let osagent::openrc::Open { name, place, .. } = draft(&before).unknown.remove(0);
    let told = Told { name, place, value: Secret::new(value.to_owned()) };
    (reading(text, std::slice::from_ref(&told)), told)
}

fn text<'r>(reading: &'r Reading, name: &str) -> Option<&'r str> {
    reading.settings[name].text()
}

#[test]
fn what_refers_to_it_is_known_too() {
    let file = "export OS_USERNAME=$(whoami)\nexport OS_PROJECT_NAME=\"$OS_USERNAME-lab\"\n\
                if [ \"$OS_USERNAME\" = ada ]; then export OS_REGION_NAME=SBG1; fi\n";
    let (reading, _) = say(file, "ada");
    assert_eq!(text(&reading, "OS_USERNAME"), Some("ada"));
    assert_eq!(text(&reading, "OS_PROJECT_NAME"), Some("ada-lab"));
    assert_eq!(text(&reading, "OS_REGION_NAME"), Some("SBG1"));
    assert!(draft(&reading).unknown.is_empty());
}

#[test]
fn an_answer_is_not_taken_for_another_unknown_of_the_same_name() {
    let file = "export OS_USERNAME=$(one)\nexport OS_PROJECT_NAME=$OS_USERNAME\nexport OS_USERNAME=$(two)\n";
    let (reading, told) = say(file, "ada");
    assert_eq!((told.name.as_str(), told.place.line), ("OS_USERNAME", 3));
    assert_eq!(text(&reading, "OS_USERNAME"), Some("ada"));
    assert_eq!(text(&reading, "OS_PROJECT_NAME"), None, "it hangs on the first one");
}

#[test]
fn what_branches_disagree_on_is_known_once_it_is_said() {
    let file = "if uname; then export OS_REGION_NAME=A; else export OS_REGION_NAME=B; fi\n";
    let (reading, _) = say(file, "B");
    assert_eq!(text(&reading, "OS_REGION_NAME"), Some("B"));
}
