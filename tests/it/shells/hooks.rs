//! The hooks in real bash, zsh and fish, with a stub in the place of osagent that logs what it is called with.
//!
//! One script serves all three: it keeps to what their syntaxes share, and to the commands of the stage.

use super::rigs;
use super::stage::{SHELLS, Stage};

/// Runs the script in each shell that is here, and compares what it prints: on standard output, then on standard error.
fn check(auto: bool, environment: &[(&str, &str)], script: &str, expect: &[&str]) {
    for (program, args) in SHELLS {
        if !rigs::is_here(program) {
            continue;
        }
        let stage = Stage::new(program, args);
        let output = stage.run(auto, environment, script);
        let printed = [output.stdout, output.stderr].concat();
        let got = String::from_utf8_lossy(&printed);
        assert_eq!(got.lines().collect::<Vec<_>>(), expect, "{program}");
        assert!(!stage.path().join("pwned").exists(), "{program}: code was run");
    }
}

#[test]
fn a_hook_that_was_not_asked_does_nothing() {
    check(false, &[], "prompt\nepoch 2\nprompt\nshow\ncalls", &["none none", "0"]);
    let inherited = [("OS_TOKEN", "T0"), ("OSAGENT_PROFILE", "prod"), ("OSAGENT_EXPIRES", "9")];
    check(false, &inherited, "prompt\nshow\ncalls", &["T0 prod", "0"]);
}

#[test]
fn auto_sets_at_the_first_prompt_and_follows_the_epoch() {
    let script = "prompt\nshow\ncalls\nprompt\nprompt\ncalls
token T2\nprompt\nshow\ncalls\nepoch 2\nprompt\nshow\ncalls\nprompt\ncalls
epoch gone\nprompt\ncalls\nprompt\ncalls";
    let expect = ["T1 default", "1", "0", "T1 default", "0", "T2 default", "1", "0", "1", "0"];
    check(true, &[], script, &expect);
}

#[test]
fn a_lock_takes_the_token_and_is_not_asked_about_again() {
    let script = "prompt\ncalls\nanswers 3\nepoch 2\nprompt\nshow\nprompt\nprompt\ncalls
answers 0\nprompt\ncalls\nepoch 3\nprompt\nshow\ncalls";
    check(true, &[], script, &["1", "none none", "1", "0", "T1 default", "1"]);
}

#[test]
fn a_cloud_that_does_not_answer_leaves_a_token_that_lives() {
    let script = "prompt\ncalls\nanswers 5\nepoch 2\nprompt\nshow\nprompt\ncalls
export OSAGENT_EXPIRES=1\nforce\nprompt\nshow\nprompt\ncalls";
    check(true, &[], script, &["1", "T1 default", "1", "none none", "1"]);
}

#[test]
fn a_token_near_its_end_is_asked_for_once_more_and_no_oftener() {
    let script = "left 100\nprompt\nprompt\ncalls\nforce\ntoken T2\nprompt\nshow\nprompt\ncalls
left -5\nforce\nprompt\nprompt\nprompt\ncalls";
    check(true, &[], script, &["1", "T2 default", "1", "1"]);
}

#[test]
fn without_the_program_the_token_goes() {
    let script = "prompt\nshow\nuninstall\nprompt\nshow\nprompt\ninstall\nprompt\nshow\ncalls";
    check(true, &[], script, &["T1 default", "none none", "T1 default", "2"]);
}

#[test]
fn forged_variables_run_nothing_and_take_nothing_else_away() {
    let forged =
        "PATH:HOME:OS_A[$(touch pwned)]:$(touch pwned):`touch pwned`:-f:STAGE:OSAGENT_SOCK:SWIFT_X:OS_";
    let script = format!(
        "export ST_KEY=1 SWIFT_X=2\nprompt\nexport OSAGENT_EXPORTED='{forged}'
export OSAGENT_EXPIRES='a[$(touch pwned)]'\nanswers 6\nepoch 2\nprompt\nshow\nprompt
epoch 'a[$(touch pwned)]'\nprompt\nsh -c 'echo $ST_KEY-$SWIFT_X'\ncalls"
    );
    check(true, &[("OSAGENT_EXPIRES", "x[$(touch pwned)]")], &script, &["none default", "1-", "3"]);
}

#[test]
fn a_token_that_somebody_else_set_is_left_alone() {
    let script = "prompt\nexport OS_TOKEN=mine\nepoch 2\nprompt\nshow\ncalls
export OS_TOKEN=T1\nprompt\nshow\ncalls";
    check(true, &[], script, &["mine default", "1", "T1 default", "1"]);
    check(true, &[("OS_TOKEN", "T0")], "prompt\nshow\ncalls", &["T0 none", "0"]);
}

#[test]
fn an_env_by_hand_stands_until_the_next_use() {
    let by_hand = "eval \"$(command osagent env --shell @SHELL@ prod)\"";
    let script = format!(
        "prompt\n{by_hand}\ntoken T2\nepoch 2\nprompt\nshow\ncalls
osagent use other\nshow\n{by_hand}\ncalls\nepoch 3\nprompt\nshow\ncalls"
    );
    check(true, &[], &script, &["T1 prod", "2", "T2 other", "2", "T2 prod", "0"]);
}

#[test]
fn a_token_inherited_from_a_parent_that_followed_the_default_is_renewed() {
    let parent = [("OS_TOKEN", "T0"), ("OSAGENT_PROFILE", "default"), ("OSAGENT_EXPIRES", "9")];
    let mark = [("OSAGENT_HOOK", "default/9")];
    check(true, &[&parent[..], &mark[..]].concat(), "prompt\nshow\ncalls", &["T1 default", "1"]);
}

#[test]
fn use_remembers_its_arguments_and_gives_back_what_was_there() {
    let script = "export OS_PASSWORD='old  pa$s' OS_AUTH_URL=old OS_COMPUTE_API_VERSION=2
osagent use prod --region 'R 1'\nshow\ncalled\nprompt\nprompt\ncalled
token T2\nepoch 2\nprompt\nshow\ncalled\nosagent use other\nshow\necho \"<$OS_PASSWORD>\"
export OS_COMPUTE_API_VERSION=3\nosagent use -\nshow
sh -c 'echo \"<$OS_PASSWORD>$OS_AUTH_URL $OS_COMPUTE_API_VERSION\"'
calls\nepoch 3\nprompt\nshow\ncalls";
    let expect = [
        "T1 prod",
        "env --shell S prod --region R 1",
        "T2 prod",
        "env --shell S prod --region R 1 --at-prompt",
        "T2 other",
        "<>",
        "none none",
        "<old  pa$s>old 3",
        "2",
        "none none",
        "0",
    ];
    check(false, &[], script, &expect);
}

#[test]
fn use_that_fails_says_so_and_leaves_nothing() {
    let script = "osagent use prod\nshow\nanswers 1\nosagent use gone\necho status=@STATUS@\nshow
answers 0\nepoch 2\ncalls\nprompt\nshow\ncalls";
    let expect = ["T1 prod", "status=1", "none none", "2", "none none", "0", "osagent: no token"];
    check(false, &[], script, &expect);
}

#[test]
fn use_off_ends_it_and_other_verbs_pass_through() {
    let script = "prompt\ncalls\nosagent list --json 'a b'\ncalled\nosagent use --off\nshow\ncalls
epoch 2\nprompt\nshow\ncalls\nosagent use prod\nshow";
    let expect = ["1", "list --json a b", "none none", "1", "none none", "0", "T1 prod"];
    check(true, &[], script, &expect);
}
