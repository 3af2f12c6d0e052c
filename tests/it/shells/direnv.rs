//! `use osagent P` in a real direnv: in, out, reload, locked.

use std::path::Path;

use osagent::shell;

use super::rigs;
use super::stage::Stage;

/// What a bash with direnv's hook prints, moving through folders in the stage; `none` when there is no direnv.
fn travel(environment: &[(&str, &str)], script: &str) -> Option<(String, String)> {
    if !rigs::is_here("direnv") {
        return None;
    }
    let stage = Stage::new("bash", &["--norc"]);
    let library = stage.path().join(".config/direnv/lib");
    std::fs::create_dir_all(&library).unwrap();
    std::fs::write(library.join("osagent.sh"), shell::DIRENV).unwrap();
    for (folder, text) in
        [("a", "use osagent prod --region 'R 1'\n"), ("a/b", "use osagent lab\n"), ("out", "")]
    {
        let folder = stage.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        if !text.is_empty() {
            allow(&stage, &folder, text);
        }
    }
    let script = format!(
        "eval \"$(direnv hook bash)\"\nleft() {{ env | grep -E '^(OS|OSAGENT)_' | grep -v OSAGENT_SOCK | cut -d= -f1 | sort | xargs; }}\n{script}"
    );
    let output = stage.run(false, environment, &script);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((text(&output.stdout), text(&output.stderr)))
}

fn allow(stage: &Stage, folder: &Path, text: &str) {
    std::fs::write(folder.join(".envrc"), text).unwrap();
    assert!(stage.command("direnv").arg("allow").arg(folder).output().unwrap().status.success());
}

#[test]
fn a_folder_brings_its_token_and_leaves_nothing() {
    let script =
        "prompt\ncd a\nprompt\nshow\ncalled\nprompt\nprompt\ncalls\ncd b\nprompt\nshow\ncd ..\nprompt\nshow
cd ../out\nprompt\nshow\nleft";
    let Some((printed, _)) = travel(&[], script) else { return };
    let call = "env --shell S prod --region R 1 --at-prompt";
    assert_eq!(printed, format!("T1 prod\n{call}\n0\nT1 lab\nT1 prod\nnone none\n\n"));
}

#[test]
fn what_was_there_before_comes_back() {
    let before = [("OS_TOKEN", "T0"), ("OS_PASSWORD", "old"), ("OSAGENT_PROFILE", "mine")];
    let script =
        "cd a\nprompt\nshow\necho \"<$OS_PASSWORD>\"\ncd ..\nprompt\nshow\necho \"<$OS_PASSWORD>\"\nleft";
    let Some((printed, _)) = travel(&before, script) else { return };
    assert_eq!(printed, "T1 prod\n<>\nT0 mine\n<old>\nOSAGENT_PROFILE OS_PASSWORD OS_TOKEN\n");
}

#[test]
fn a_renewal_and_a_lock_reach_the_folder() {
    let script = "cd a\nprompt\ntoken T2\nrm \"$STAGE/agent.sock.epoch\"\nprompt\nshow\ncalls\nanswers 3\nepoch 5\nprompt\nshow\nleft\nprompt\ncalls
answers 0\nepoch 6; touch -d 2001-01-01 \"$STAGE/agent.sock.epoch\"\nprompt\nshow\ncd ..\nprompt\nleft";
    let Some((printed, errors)) = travel(&[("OS_PASSWORD", "old"), ("DIRENV_LOG_FORMAT", "%s")], script)
    else {
        return;
    };
    assert_eq!(printed, "T2 prod\n2\nnone none\nOSAGENT_DIRENV\n1\nT2 prod\nOS_PASSWORD\n", "{errors}");
    let lines = errors.lines().filter(|line| line.contains("osagent:"));
    assert_eq!(lines.count(), 1, "{errors}");
}

#[test]
fn without_the_program_no_token_of_another_cloud_stays() {
    let before = [("OS_TOKEN", "T0"), ("OS_PASSWORD", "old"), ("OS_COMPUTE_API_VERSION", "2")];
    let Some((printed, errors)) = travel(&before, "uninstall\ncd a\nprompt\nleft\ncd ..\nprompt\nleft")
    else {
        return;
    };
    assert_eq!(
        printed, "OSAGENT_DIRENV OS_COMPUTE_API_VERSION\nOS_COMPUTE_API_VERSION OS_PASSWORD OS_TOKEN\n",
        "{errors}"
    );
}

#[test]
fn the_prompts_hook_leaves_a_folder_of_direnvs_alone() {
    let script = "osagent use mine\ncalls\ncd a\nprompt\nshow\ncalls\ntoken T2\nrm \"$STAGE/agent.sock.epoch\"\nprompt\nshow\ncalls
cd ..\nprompt\nshow\nprompt\nshow";
    let Some((printed, _)) = travel(&[], script) else { return };
    assert!(printed.starts_with("1\nT1 prod\n1\nT2 prod\n1\n"), "{printed}");
    assert!(printed.ends_with("T2 mine\n"), "{printed}");
}
