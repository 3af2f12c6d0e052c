//! What a person at a terminal is asked, and what they see while they answer.

use std::fs;

use crate::scene::Scene;
use crate::terminal::Terminal;

#[test]
fn the_password_is_asked_as_the_file_would_and_does_not_show() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.home.write("openrc.sh", &scene.login.rc_that_asks());
    let terminal = Terminal::start(&scene.home, "osagent add openrc.sh --name work");
    let screen = terminal.shows("alice");
    assert!(screen.to_lowercase().contains("password") && screen.contains("alpha"), "{screen}");
    crate::wait::until("echo is off", || !terminal.echoes());
    terminal.types(&scene.login.user.password);
    terminal.presses("Enter");
    let screen = terminal.shows("ended with 0");
    assert!(!screen.contains("S3cret"), "{screen}");
    assert!(terminal.echoes(), "echo is on again");
    assert_eq!(scene.home.secrets(), [scene.login.user.password.as_str()]);
    assert_eq!(scene.keystone.status_of(&scene.token()), 200);
}

#[test]
fn an_interrupt_at_the_question_gives_the_terminal_back_and_keeps_nothing() {
    let scene = Scene::on_a_desktop("alice", "alpha");
    scene.home.write("openrc.sh", &scene.login.rc_that_asks());
    let terminal = Terminal::start(&scene.home, "trap : INT; osagent add openrc.sh --name work");
    crate::wait::until("echo is off", || !terminal.echoes());
    terminal.presses("C-c");
    let screen = terminal.shows("ended with");
    assert!(!screen.contains("ended with 0"), "{screen}");
    assert!(terminal.echoes(), "echo is on again");
    assert_eq!(scene.door.creations(), 0);
    scene.home.osagent(["show", "work"]).fails(2);
}

#[test]
fn a_scrub_is_offered_where_the_file_holds_the_password_and_is_not_the_default() {
    for (answer, is_scrubbed) in [("", false), ("n", false), ("y", true)] {
        let scene = Scene::on_a_desktop("alice", "alpha");
        let text = scene.login.rc_with_password();
        let rc = scene.home.write("openrc.sh", &text);
        let terminal = Terminal::start(&scene.home, "osagent add openrc.sh --name work");
        let screen = terminal.shows("[y/N]");
        assert!(screen.contains("openrc.sh"), "{screen}");
        terminal.types(answer);
        terminal.presses("Enter");
        terminal.shows("ended with 0");
        let now = fs::read_to_string(&rc).unwrap();
        assert_eq!(now == text, !is_scrubbed, "{answer:?}: {now}");
        assert_eq!(now.contains("S3cret"), !is_scrubbed, "{answer:?}: {now}");
    }
}

#[test]
fn a_secret_that_died_with_the_agent_is_asked_for_at_the_terminal() {
    let scene = Scene::on_a_server("alice", "alpha");
    scene.add();
    scene.home.kill_agent();
    let terminal = Terminal::start(&scene.home, "osagent token work > token");
    let screen = terminal.shows("alice");
    assert!(screen.contains("127.0.0.1") && screen.contains("alpha"), "cloud, user and project: {screen}");
    terminal.types(&scene.login.user.password);
    terminal.presses("Enter");
    terminal.shows("ended with 0");
    let token = fs::read_to_string(scene.home.path().join("token")).unwrap();
    assert_eq!(scene.keystone.status_of(token.trim_end()), 200);
}

#[test]
fn what_the_file_does_not_tell_is_asked_for_with_the_reason() {
    let scene = Scene::on_a_server("alice", "alpha");
    let text = scene.login.rc_that_asks().replace("OS_USERNAME=\"alice\"", "OS_USERNAME=$(whoami)");
    scene.home.write("openrc.sh", &text);
    let terminal = Terminal::start(&scene.home, "osagent add openrc.sh --name work");
    let screen = terminal.shows("its value:");
    let words = "OS_USERNAME hangs on the command whoami, which is not run (openrc.sh: line 13, column 20)";
    assert!(screen.contains(words), "{screen}");
    assert!(terminal.echoes(), "a name may be seen");
    terminal.types("alice");
    terminal.presses("Enter");
    let screen = terminal.shows("as user alice:");
    assert!(!screen.contains("ended"), "{screen}");
    crate::wait::until("echo is off", || !terminal.echoes());
    terminal.types(&scene.login.user.password);
    terminal.presses("Enter");
    terminal.shows("ended with 0");
    assert_eq!(scene.keystone.about(&scene.token())["user"]["name"], "alice");
}

#[test]
fn a_password_that_a_program_would_say_is_asked_for_unseen() {
    let scene = Scene::on_a_server("alice", "alpha");
    let asks = "read -sr OS_PASSWORD_INPUT\nexport OS_PASSWORD=$OS_PASSWORD_INPUT\n";
    let text = scene.login.rc_that_asks().replace(asks, "export OS_PASSWORD=$(pass show cloud)\n");
    scene.home.write("openrc.sh", &text);
    let terminal = Terminal::start(&scene.home, "osagent add openrc.sh --name work");
    let screen = terminal.shows("Password of alice");
    assert!(screen.contains("OS_PASSWORD hangs on the command pass, which is not run"), "{screen}");
    crate::wait::until("echo is off", || !terminal.echoes());
    terminal.types(&scene.login.user.password);
    terminal.presses("Enter");
    assert!(!terminal.shows("ended with 0").contains("S3cret"));
}

#[test]
fn another_login_gets_a_name_only_after_its_differences_were_shown() {
    for (answer, project) in [("n", "alpha"), ("y", "beta")] {
        let scene = Scene::on_a_server("alice", "alpha");
        scene.add();
        scene.home.write("other.sh", &scene.login.rc_with_password().replace("alpha", "beta"));
        let terminal =
            Terminal::start(&scene.home, "osagent add other.sh --name work --no-verify --no-scrub");
        let screen = terminal.shows("Let the new login have the name? [y/N]");
        assert!(screen.contains("scope.project.name: \"alpha\" becomes \"beta\""), "{screen}");
        terminal.types(answer);
        terminal.presses("Enter");
        terminal.shows("ended with");
        let shown = scene.home.osagent(["show", "work", "--json"]).ok().json();
        assert_eq!(shown["profile"]["scope"]["project"]["name"], project, "{answer}");
    }
}
