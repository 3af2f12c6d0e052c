//! What the file does not tell is asked for, or refused with its place: nothing is guessed.

use super::{add, given, rc, rc_with_password, says};
use crate::fake::Knobs;
use crate::rig::Rig;

#[test]
fn a_setting_that_cannot_be_known_needs_a_person_and_is_told_with_its_place() {
    let rig = Rig::cold();
    let text = rc_with_password(&rig).replace("\"ada\"", "\"$(whoami)\"");
    rig.home.write("openrc.sh", &text);
    let done = add(&rig, ["openrc.sh"]).fails(3);
    says(&done, "openrc.sh: line 6, column 21: OS_USERNAME hangs on the command whoami, which is not run");
    says(&done, "write the value into the file");
    assert_eq!(rig.fake.requests().len(), 0);
    let plan = add(&rig, ["openrc.sh", "--dry-run"]).ok();
    let words =
        "OS_USERNAME would be asked for: it hangs on the command whoami, which is not run (openrc.sh: line 6";
    assert!(plan.stdout.contains(words), "{plan:#?}");
}

#[test]
fn an_unknown_in_a_file_beside_it_is_told_with_that_files_name() {
    let rig = Rig::cold();
    rig.home.write("openrc.sh", &format!("{}. ./who.sh\n", rc_with_password(&rig)));
    rig.home.write("who.sh", "# me\nexport OS_USERNAME=$(whoami)\n");
    says(&add(&rig, ["openrc.sh"]).fails(3), "/who.sh: line 2, column 20: OS_USERNAME");
}

#[test]
fn a_name_beside_a_known_id_may_stay_unknown() {
    let rig = Rig::cold();
    let id = Knobs::default().projects.into_iter().find(|project| project.name == "alpha").unwrap().id;
    let text = rc_with_password(&rig).replace("\"alpha\"", "$(cat name)");
    rig.home.write("openrc.sh", &format!("{text}export OS_PROJECT_ID={id}\n"));
    add(&rig, ["openrc.sh", "--name", "alpha"]).ok();
}

#[test]
fn a_password_that_a_program_would_say_comes_from_a_pipe_and_then_from_the_keyring() {
    let rig = Rig::cold();
    rig.home.write("openrc.sh", &format!("{}export OS_PASSWORD=$(pass show cloud)\n", rc(&rig)));
    let done = add(&rig, ["openrc.sh"]).fails(3);
    says(&done, "openrc.sh: line 8, column 20: OS_PASSWORD hangs on the command pass, which is not run");
    says(&done, "--secret-stdin");
    let plan = add(&rig, ["openrc.sh", "--dry-run"]).ok();
    assert!(plan.stdout.contains("the password would be asked for, unless a keyring has it"), "{plan:#?}");
    given(add(&rig, ["openrc.sh"])).ok();
    says(&add(&rig, ["openrc.sh"]).ok(), "the password is the one in the keyring memory");
}

#[test]
fn what_cannot_be_done_is_refused_before_anybody_is_asked() {
    let rig = Rig::cold();
    let text = rc(&rig).replace("\"ada\"", "$(whoami)");
    rig.home.write("openrc.sh", &format!("{text}read -p 'Who? ' who\nexport OS_AUTH_TYPE=v3oidcpassword\n"));
    says(
        &add(&rig, ["openrc.sh"]).fails(2),
        "openrc.sh: line 9, column 8: OS_AUTH_TYPE asks for a federated login",
    );
}

#[test]
fn a_dry_run_names_what_the_file_would_ask() {
    let rig = Rig::cold();
    let text =
        rc(&rig).replace("export OS_USERNAME=\"ada\"", "read -p 'User: ' OS_USERNAME; export OS_USERNAME");
    rig.home.write("openrc.sh", &format!("{text}read -s OS_PASSWORD; export OS_PASSWORD\n"));
    let plan = add(&rig, ["openrc.sh", "--dry-run"]).ok();
    for words in [
        "OS_USERNAME would be asked for, as the file does (openrc.sh: line 6",
        "the password would be asked for, as",
    ] {
        assert!(plan.stdout.contains(words), "{words}: {plan:#?}");
    }
    assert!(!plan.stdout.contains(&Knobs::default().password));
}
