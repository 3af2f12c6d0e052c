//! Serves the fake Keystone of the tests in the foreground, so that `./try` can show the main job with no cloud at hand.
//! It says where it listens in one line, and ends by SIGTERM or when the pipe on its stdin closes.

#[path = "../tests/fake/mod.rs"]
mod fake;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::process::ExitCode;
use std::sync::Mutex;

use fake::{Fake, Knobs, Project, Seen, Watch};

const USAGE: &str =
    "usage: fake-keystone [--user NAME] [--password TEXT] [--project NAME]... [--life SECONDS]
                     [--storage URL] [--port PORT] [--log FILE]
Serves a make-believe Keystone on 127.0.0.1. --log gets one JSON line a request.
";

struct Options {
    knobs: Knobs,
    port: u16,
    log: Option<File>,
}

fn main() -> ExitCode {
    match options(std::env::args().skip(1))
        .and_then(|options| serve(options).map_err(|error| error.to_string()))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Where stderr is closed there is nobody to tell.
            let _ = writeln!(io::stderr(), "fake-keystone: {message}");
            ExitCode::from(2)
        }
    }
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { knobs: Knobs::default(), port: 0, log: None };
    let mut projects = Vec::new();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value\n{USAGE}"));
        match arg.as_str() {
            "--user" => options.knobs.user = value()?,
            "--password" => options.knobs.password = value()?,
            "--project" => projects.push(value()?),
            "--life" => options.knobs.life_s = value()?.parse().map_err(|_| "--life is in seconds")?,
            "--storage" => options.knobs.storage = value()?,
            "--port" => options.port = value()?.parse().map_err(|_| "--port is a number below 65536")?,
            "--log" => {
                let path = value()?;
                let file = File::options().create(true).append(true).open(&path);
                options.log = Some(file.map_err(|error| format!("{path}: {error}"))?);
            }
            _ => return Err(format!("what is {arg}?\n{USAGE}")),
        }
    }
    if !projects.is_empty() {
        let numbered = projects.iter().enumerate();
        options.knobs.projects = numbered
            .map(|(n, name)| Project::new(&format!("59502cee6f1b4d0c8a7e3f2d{n:08x}"), name))
            .collect();
    }
    Ok(options)
}

fn serve(options: Options) -> io::Result<()> {
    let fake = Fake::start_with(options.knobs, options.port, options.log.map(watch));
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {}", fake.url())?;
    stdout.flush()?;
    wait();
    Ok(())
}

fn watch(log: File) -> Watch {
    let log = Mutex::new(log);
    Box::new(move |seen: &Seen| {
        let line = serde_json::json!({"method": seen.method, "path": seen.path, "methods": seen.methods,
            "user": seen.user, "scope": seen.scope, "status": seen.status, "creation": seen.is_creation()});
        if let Ok(mut log) = log.lock() {
            // A full disk spoils the count, not the service.
            let _ = log.write_all(format!("{line}\n").as_bytes());
        }
    })
}

/// Until a pipe on stdin closes. A terminal or /dev/null (a shell's background job) says nothing about when to end.
fn wait() {
    let is_pipe = fs::metadata("/dev/stdin").is_ok_and(|stdin| stdin.file_type().is_fifo());
    if is_pipe {
        let mut rest = Vec::new();
        // However the reading ends, the pipe is over.
        let _ = io::stdin().read_to_end(&mut rest);
        return;
    }
    loop {
        std::thread::park();
    }
}
