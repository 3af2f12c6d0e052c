//! Files that mean harm, or that nobody wrote by hand: each is answered soon, with a place, in a thread's 2 MiB of stack.

use std::time::{Duration, Instant};

use osagent::openrc::{Context, NoFiles, Reading, Refusal, printable, read};

/// Unoptimised, on a busy machine: a guard against what never ends. The release build takes a tenth of a second at most.
const LIMIT: Duration = Duration::from_secs(20);

fn answer(source: Vec<u8>) -> (Result<Reading, Refusal>, Duration) {
    let context = |args| Context {
        home: "/home/ada",
        user: "ada",
        dir: "/home/ada",
        file_name: "openrc.sh",
        args,
        answers: &[],
        files: &NoFiles,
    };
    // A reading holds shared texts and stays in its thread; only what is asked of it leaves.
    let started = Instant::now();
    let result = read(&source, &context(&[]));
    (result, started.elapsed())
}

fn in_small_thread(source: Vec<u8>) -> (Option<(String, u32, u32)>, Duration) {
    let run = move || {
        let (result, took) = answer(source);
        (
            result
                .err()
                .map(|refusal| (refusal.reason.word().to_owned(), refusal.place.line, refusal.place.column)),
            took,
        )
    };
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap().join().unwrap()
}

fn check(name: &str, source: impl Into<Vec<u8>>, reasons: &[&str]) {
    let (refused, took) = in_small_thread(source.into());
    let reason = refused.as_ref().map_or("read", |(reason, ..)| reason.as_str());
    println!("{name}: {reason} in {took:?}");
    assert!(reasons.contains(&reason), "{name}: {refused:?}, expected one of {reasons:?}");
    assert!(took < LIMIT, "{name} took {took:?}");
    assert!(refused.is_none_or(|(_, line, column)| line > 0 && column > 0), "{name} has no place");
}

const REFUSED: &[&str] = &[
    "too-deep",
    "too-much-work",
    "too-long",
    "loop",
    "syntax",
    "unterminated-substitution",
    "unterminated-command",
];

#[test]
fn what_is_nested_without_end_is_refused() {
    check("if", "if true; then ".repeat(2_000), &["too-deep"]);
    for open in [
        "(",
        "((",
        "{ ",
        "$(",
        "$((",
        "${a:-",
        "\"${a:-",
        "`",
        "[[ (",
        "[[ ! ",
        "case a in a) ",
        "f() {\n",
        "while ",
        "a=(",
        "<(",
        "$[",
        "if ! ",
    ] {
        check(open, open.repeat(60), &[REFUSED, &["unterminated-quote", "read"]].concat());
        check(
            open,
            format!("{}{}", open.repeat(15), "x ".repeat(100_000)),
            &[REFUSED, &["unterminated-quote", "read"]].concat(),
        );
        check(open, open.repeat(250_000 / open.len()), &[REFUSED, &["unterminated-quote", "read"]].concat());
    }
    check("[[ && ]]", format!("[[ {} a ]]", "a && ".repeat(40_000)), &["too-deep"]);
}

#[test]
fn what_never_ends_is_refused() {
    check("while", "while :; do :; done\n", &["loop"]);
    check("until", "until false; do OS_X=$OS_X.; done\n", &["loop"]);
    check("recursion", "f() { f; }\nf\n", &["too-deep"]);
    check("two functions", "f() { g; g; }\ng() { f; f; }\nf\n", &["too-deep"]);
    check("eval", "x='eval \"$x\"'\neval \"$x\"\n", &["too-deep"]);
    check(
        "doubling",
        "a=aaaaaaaa\nfor i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do a=$a$a; done\n",
        &["too-long"],
    );
    check(
        "nested for",
        format!("{}{}{}", "for i in a b c d e f g h; do ".repeat(8), ":;", "done;".repeat(8)),
        &["loop"],
    );
    check("many questions", "read a\n".repeat(1_000), &["loop"]);
}

#[test]
fn depth_of_every_kind_together_fits_the_stack() {
    let ifs = |inside: &str| format!("{}{inside};{}", "if true; then ".repeat(14), "fi;".repeat(14));
    let mut source = String::from("f0() { :; }\n");
    for index in 1..8 {
        source.push_str(&format!("f{index}() {{ {} }}\n", ifs(&format!("eval f{}", index - 1))));
    }
    source.push_str("f7\n");
    check("functions of ifs of evals", source, &["too-deep"]);
    let word = format!("a={}x{}\n", "${a:-".repeat(15), "}".repeat(15));
    check("defaults", word, &["read"]);
    let unknown = format!("{}:{}\n", "if no_such; then ".repeat(15), ";fi".repeat(15));
    check("unknown ifs", unknown, &["read"]);
    let loops = format!("{}:;{}\n", "while no_such; do ".repeat(15), "done;".repeat(15));
    check("unknown loops", loops, &["read", "too-much-work"]);
}

#[test]
fn what_is_long_is_answered_soon() {
    check("10 MB", "export OS_USERNAME=a\n".repeat(500_000), &["too-large"]);
    check("settings", (0..12_000).map(|i| format!("export OS_A{i}={i}\n")).collect::<String>(), &["read"]);
    check("one line", (0..12_000).map(|i| format!("export OS_A{i}=é;")).collect::<String>(), &["read"]);
    check("unset references", "export OS_A=$b\n".repeat(17_000), &["read"]);
    check("programs", (0..20_000).map(|i| format!("prog{i}\n")).collect::<String>(), &["read"]);
    let variables: String = (0..8_000).map(|i| format!("v{i}=1\n")).collect();
    check("unknown branches", format!("{variables}{}", "a && b=1\n".repeat(15_000)), &["too-much-work"]);
    check("evals", format!("{variables}{}", "eval $x$(y)\n".repeat(10_000)), &["too-much-work"]);
    check("subshells", format!("{variables}{}", "(:)\n".repeat(20_000)), &["too-much-work"]);
    check(
        "elif",
        format!("if no; then :; {} fi\n", "elif no; then :; ".repeat(14_000)),
        &["read", "too-much-work"],
    );
    check("case", format!("case $(x) in {} esac\n", "a) b=1;; ".repeat(25_000)), &["read", "too-much-work"]);
    check("here-documents", format!("cat {}\n{}", "<<a ".repeat(30_000), "a\n".repeat(30_000)), &["read"]);
    check("continuations", "\\\n".repeat(120_000), &["read"]);
    check("continued word", format!("a{}b", "\\\n".repeat(120_000)), &["read"]);
    check("stars", format!("a={}\n: ${{a%%{}b}}\n", "a".repeat(60_000), "*a".repeat(500)), REFUSED);
    check("quotes", "'".repeat(250_001), &["too-much-work"]);
    check("commands in backquotes", "a=`b`\n".repeat(40_000), &["read", "too-much-work"]);
}

#[test]
fn bytes_that_are_no_text_are_answered() {
    check("NUL", vec![0; 1_000], &["nul-byte"]);
    check("all bytes", (1..=255).collect::<Vec<u8>>(), REFUSED);
    let mut seed = 1_u32;
    for round in 0..200 {
        let bytes: Vec<u8> = (0..2_000)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                b"${}()[]\"'`\\\n ;&|<>=#abOS_!*?~-"[(seed >> 16) as usize % 30]
            })
            .collect();
        let (_, took) = in_small_thread(bytes);
        assert!(took < LIMIT, "round {round} took {took:?}");
    }
}

#[test]
fn an_invalid_byte_makes_the_value_unknown_and_not_wrong() {
    let (reading, _) = answer(b"export OS_USERNAME=\xff\n".to_vec());
    let reading = reading.unwrap();
    assert_eq!(reading.settings["OS_USERNAME"].text(), None);
    assert!(reading.settings["OS_USERNAME"].unknown().is_some());
}

#[test]
fn nothing_that_is_shown_holds_a_value_or_a_control_character() {
    let source =
        b"export OS_PASSWORD='canary-of-ours'\nexport OS_USERNAME=$'\\e[2J'\nx=canary-of-ours\n".to_vec();
    let (reading, _) = answer(source);
    let reading = reading.unwrap();
    assert!(!format!("{reading:?}").contains("canary"));
    assert!(!format!("{:?}", osagent::openrc::draft(&reading)).contains("canary"));
    assert_eq!(printable("a\u{1b}[2J\u{202e}b\nc"), "a\u{fffd}[2J\u{fffd}b c");
    for bad in
        ["export OS_PASSWORD=canary-of-ours' \n", "canary-of-ours(", "export OS_PASSWORD=canary{{ canary }}"]
    {
        let refusal = answer(bad.as_bytes().to_vec()).0.unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("canary"), "{refusal}");
    }
}
