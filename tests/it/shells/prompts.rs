//! What a hook must not disturb: the status of the user's command, the hooks of others, strict options, the time it takes.

use std::io::Write;
use std::process::Stdio;

use osagent::shell;

use super::rigs;
use super::stage::{SHELLS, Stage};

fn stages() -> impl Iterator<Item = Stage> {
    SHELLS
        .iter()
        .filter(|(program, _)| rigs::is_here(program))
        .map(|(program, args)| Stage::new(program, args))
}

/// What a script leaves in the file `out`, typed into an interactive shell on a terminal of its own.
fn typed(stage: &Stage, auto: bool, script: &str) -> String {
    std::fs::write(stage.path().join("hook"), stage.prelude(auto)).unwrap();
    let shell = format!("{} {} -i", stage.program, stage.args.join(" "));
    let mut command = stage.command("script");
    command.args(["-qec", &shell, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let typed = format!(". ./hook\n{script}\nexit\n");
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    child.wait().unwrap();
    std::fs::read_to_string(stage.path().join("out")).unwrap_or_default()
}

#[test]
fn the_status_of_the_users_command_is_kept() {
    if !rigs::is_here("script") {
        return;
    }
    for stage in stages() {
        let status = if stage.program == "bash" { "$?" } else { "$status" };
        // At the first prompt the hook runs the program, at the second it does not, at the last it drops the token.
        let script = format!(
            "sh -c 'exit 7'\necho \"{status}\" >>out\nsh -c 'exit 8'\necho \"{status}\" >>out
answers 3\nepoch 2\nsh -c 'exit 9'\necho \"{status}\" >>out\nshow >>out"
        );
        assert_eq!(typed(&stage, true, &script), "7\n8\n9\nnone none\n", "{}", stage.program);
    }
}

#[test]
fn a_prompt_at_which_nothing_changed_starts_no_process() {
    if !rigs::is_here("strace") {
        return;
    }
    for stage in stages() {
        let processes = |prompts: usize| {
            let script = stage.path().join("script");
            let lines = "prompt\n".repeat(prompts);
            std::fs::write(&script, format!("{}{lines}", stage.prelude(true))).unwrap();
            let trace = stage.path().join("trace");
            let mut command = stage.command("strace");
            command.args([
                "-f",
                "-qq",
                "-e",
                "trace=clone,clone3,fork,vfork,execve",
                "-e",
                "signal=none",
                "-o",
            ]);
            command.arg(&trace).arg(stage.program).args(stage.args).arg(&script);
            assert!(command.status().unwrap().success());
            let trace = std::fs::read_to_string(trace).unwrap();
            let is_start = |line: &&str| !line.contains("resumed>") && !line.contains("CLONE_THREAD");
            trace.lines().filter(is_start).count()
        };
        let (first, many) = (processes(1), processes(50));
        assert!(first > 1, "{}: the first prompt runs osagent", stage.program);
        assert_eq!(first, many, "{}", stage.program);
        let calls = std::fs::read_to_string(stage.path().join("calls")).unwrap();
        assert_eq!(calls.lines().count(), 2, "{}: one call a shell", stage.program);
    }
}

#[test]
fn a_strict_shell_survives_its_hook() {
    for stage in stages().filter(|stage| stage.program != "fish") {
        let script =
            "set -eu\nprompt\nshow\nanswers 3\nepoch 2\nprompt\nshow\nuninstall\nprompt\ninstall\nanswers 0
osagent use prod\nshow\nosagent use -\nosagent use --off\nprompt\nshow";
        let output = stage.run(true, &[], script);
        let printed = String::from_utf8_lossy(&output.stdout);
        let expect = "T1 default\nnone none\nT1 prod\nnone none\n";
        assert_eq!(printed, expect, "{}: {}", stage.program, String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn an_odd_ifs_and_odd_options_do_not_mislead_the_hook() {
    let odd = [
        ("bash", "IFS=':;1e \n'\nshopt -s nullglob extglob failglob nocasematch\nset -f"),
        ("zsh", "IFS=':;1e \n'\nsetopt sh_word_split glob_subst ksh_arrays null_glob no_unset extended_glob"),
    ];
    for stage in stages() {
        let Some((_, options)) = odd.iter().find(|(program, _)| *program == stage.program) else { continue };
        let loop_of_zsh = "prompt() { _osagent_prompt; }";
        let script = format!(
            "{options}\n{loop_of_zsh}\nprompt\nshow\ntoken T2\nepoch 2\nprompt\nshow\nosagent use 'a b'\ncalled\nosagent use -\nanswers 3\nepoch 4\nprompt\nshow"
        );
        let output = stage.run(true, &[], &script);
        let printed = String::from_utf8_lossy(&output.stdout);
        let auto = "env --shell S --at-prompt\n";
        let expect = format!("T1 default\nT2 default\n{auto}{auto}env --shell S a b\nnone none\n");
        assert_eq!(printed, expect, "{}: {}", stage.program, String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_hooks_of_others_stay_and_see_the_users_status() {
    for (before, expect) in [
        ("PROMPT_COMMAND='[ $? = 5 ] && echo one >>out'", "one\n"),
        ("PROMPT_COMMAND=('[ $? = 5 ] && echo one >>out' '[ $? = 5 ] && echo two >>out')", "one\ntwo\n"),
        ("unset PROMPT_COMMAND", ""),
    ] {
        if !rigs::is_here("script") {
            break;
        }
        // Loaded twice more, as by a start-up file that is read again.
        let bash = Stage::new("bash", &["--norc"]);
        let script = format!("{before}\n. ./hook\n. ./hook\nsh -c 'exit 5'\ncalls >>out");
        assert_eq!(typed(&bash, true, &script), format!("{expect}1\n"), "{before}");
    }
    if rigs::is_here("zsh") {
        let zsh = Stage::new("zsh", &["-f"]);
        std::fs::write(zsh.path().join("hook"), zsh.prelude(true)).unwrap();
        let script =
            "one() { echo one=$?; }\ntwo() { echo two; }\nprecmd_functions=(one two)\nsetopt ksh_arrays
. ./hook\n. ./hook\nunsetopt ksh_arrays\necho $precmd_functions\n";
        std::fs::write(zsh.path().join("script"), script).unwrap();
        let output = zsh.command("zsh").args(["-f", "script"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "_osagent_prompt one two\n");
    }
}

#[test]
fn use_gives_back_unexported_what_was_not_exported() {
    for stage in stages() {
        let unexported =
            if stage.program == "fish" { "set -g OS_PASSWORD secret" } else { "OS_PASSWORD=secret" };
        let script = format!(
            "{unexported}\nosagent use prod\necho \"<$OS_PASSWORD>\"\nosagent use -\necho \"<$OS_PASSWORD>\"
sh -c 'echo ${{OS_PASSWORD-none}}'\nosagent use -\necho"
        );
        let output = stage.run(false, &[], &script);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "<>\n<secret>\nnone\n\n", "{}", stage.program);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(errors, "osagent: there was no 'osagent use' in this shell\n", "{}", stage.program);
    }
}

#[test]
fn the_epoch_is_looked_for_beside_the_socket() {
    for stage in stages() {
        let folder = stage.path().to_str().unwrap();
        let runtime = format!("{folder}/run");
        std::fs::create_dir_all(format!("{runtime}/osagent")).unwrap();
        let cases = [
            (format!("{folder}/deep/agent.sock"), format!("{folder}/deep/agent.sock.epoch")),
            ("agent.sock".to_owned(), format!("{folder}/agent.sock.epoch")),
            ("deep/agent.sock".to_owned(), format!("{folder}/deep/agent.sock.epoch")),
            (String::new(), format!("{runtime}/osagent/agent.sock.epoch")),
        ];
        std::fs::create_dir_all(format!("{folder}/deep")).unwrap();
        for (socket, epoch) in cases {
            std::fs::remove_file(format!("{folder}/agent.sock.epoch")).ok();
            std::fs::write(format!("{folder}/calls"), "").unwrap();
            std::fs::write(&epoch, "1\n").unwrap();
            let script = format!("prompt\nprompt\ncalls\nsh -c 'echo 2 >{epoch}'\nprompt\ncalls");
            let environment = [("OSAGENT_SOCK", socket.as_str()), ("XDG_RUNTIME_DIR", runtime.as_str())];
            let output = stage.run(true, &environment, &script);
            assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n1\n", "{} {socket}", stage.program);
            std::fs::remove_file(&epoch).unwrap();
        }
    }
}

/// Each shell's own parser, and the linters where there are some, on what is printed for every set of options.
#[test]
fn what_is_printed_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let parsers: [(&str, &[&[&str]]); 3] = [
        ("bash", &[&["bash", "-n"], &["shellcheck", "-s", "bash"], &["shfmt", "-ln", "bash", "-d"]]),
        ("zsh", &[&["zsh", "-n"]]),
        ("fish", &[&["fish", "-n"], &["fish_indent", "--check"]]),
    ];
    let mut texts = vec![("bash", shell::DIRENV.to_owned())];
    for (name, _) in parsers {
        let shell = shell::find(name).unwrap();
        texts.extend([false, true].map(|auto| (name, shell::hook(shell, auto).unwrap())));
    }
    for (name, text) in texts {
        let file = folder.path().join(format!("text.{name}"));
        std::fs::write(&file, &text).unwrap();
        let (_, commands) = parsers.iter().find(|(shell, _)| *shell == name).unwrap();
        for command in commands.iter().filter(|command| rigs::is_here(command[0])) {
            let output =
                std::process::Command::new(command[0]).args(&command[1..]).arg(&file).output().unwrap();
            let printed = [output.stdout, output.stderr].concat();
            assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&printed));
        }
    }
}
