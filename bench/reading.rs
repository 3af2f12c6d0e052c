//! Reading a file of 4 KiB, beside bash, which sources it. The reader is timed in this process: a program's start would hide
//! it.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use osagent::openrc::{Context, NoFiles, read};

use crate::Fallible;
use crate::home::Home;

const LEN: usize = 4 * 1024;
/// What reading such a file may cost.
const TARGET_MS: f64 = 1.0;

/// As Horizon writes it, as often as it fits, with a question at the end.
const PARAGRAPH: &str = "\
# To use an OpenStack cloud you need to authenticate against the Identity service.
export OS_AUTH_URL=https://id.example.org:5000/v3
export OS_PROJECT_ID=0123456789abcdef0123456789abcdef
export OS_PROJECT_NAME=\"a project\"
export OS_USER_DOMAIN_NAME=\"Default\"
if [ -z \"$OS_USER_DOMAIN_NAME\" ]; then unset OS_USER_DOMAIN_NAME; fi
export OS_PROJECT_DOMAIN_ID=\"default\"
if [ -z \"$OS_PROJECT_DOMAIN_ID\" ]; then unset OS_PROJECT_DOMAIN_ID; fi
# unset v2.0 items in case set
unset OS_TENANT_ID
unset OS_TENANT_NAME
export OS_USERNAME=\"ada\"
export OS_CACERT=${OS_CACERT:-$HOME/.config/ca.pem}
case $OS_AUTH_URL in */v3) export OS_IDENTITY_API_VERSION=3 ;; *) return 1 ;; esac
";
const QUESTION: &str = "read -sr OS_PASSWORD_INPUT\nexport OS_PASSWORD=$OS_PASSWORD_INPUT\n";

pub(crate) fn run(rounds: usize, out: &mut impl Write) -> Fallible<()> {
    let mut text = PARAGRAPH.repeat((LEN - QUESTION.len()) / PARAGRAPH.len());
    let comment = LEN - QUESTION.len() - text.len();
    text.push_str(&format!("#{}\n{QUESTION}", "-".repeat(comment.saturating_sub(2))));
    let home = Home::new()?;
    let file = home.path().join("openrc.sh");
    std::fs::write(&file, &text)?;
    let ours = median(rounds, || {
        let context = Context {
            home: "/home/ada",
            user: "ada",
            dir: "/home/ada",
            file_name: "openrc.sh",
            args: &[],
            answers: &[],
            files: &NoFiles,
        };
        match read(text.as_bytes(), &context) {
            Ok(reading) if reading.prompts.len() == 1 => Ok(()),
            _ => Err("the file is not read as it should be".into()),
        }
    })?;
    let mut source = Command::new("bash");
    source.args(["--norc", "--noprofile", "-c", ". ./openrc.sh"]).env_clear().current_dir(home.path());
    let bash = median(rounds.div_ceil(4), || ended(&mut source))?;
    let mut nothing = Command::new("bash");
    nothing.args(["--norc", "--noprofile", "-c", ":"]).env_clear();
    let start = median(rounds.div_ceil(4), || ended(&mut nothing))?;
    writeln!(out, "\n## Reading a file of {} bytes, milliseconds\n", text.len())?;
    writeln!(out, "{:<28}{ours:>10.3}", "the reader")?;
    writeln!(out, "{:<28}{bash:>10.3}", "bash, started to source it")?;
    writeln!(out, "{:<28}{start:>10.3}", "bash, started for nothing")?;
    let word = if ours < TARGET_MS { "met" } else { "MISSED" };
    writeln!(out, "\n{word}: reading takes {ours:.3} ms, {:.3} x bash; target {TARGET_MS} ms", ours / bash)?;
    Ok(())
}

fn ended(command: &mut Command) -> Fallible<()> {
    // Without a terminal its question gets no answer, and it goes on.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    match status.code() {
        Some(_) => Ok(()),
        None => Err(format!("bash ended with {status}").into()),
    }
}

/// In milliseconds.
fn median(rounds: usize, mut run: impl FnMut() -> Fallible<()>) -> Fallible<f64> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds.max(1) {
        let began = Instant::now();
        run()?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
