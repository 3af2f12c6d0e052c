//! How many requests an agent answers a second, asked by one thread of this bench on the same machine; beside it a bare echo
//! of the same bytes by a thread, which is what the sockets themselves cost.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Fallible;
use crate::agent::{self, Agent, Connection};
use crate::fake::{Fake, Knobs};
use crate::home::Home;

/// Each kind is measured this long, this often, in turns.
const TURN: Duration = Duration::from_millis(400);
const TURNS: usize = 7;

const CONNECTIONS: usize = 32;

/// Looking at the clock this rarely costs nothing.
const BATCH: usize = 64;

type Work<'a> = Box<dyn FnMut() -> io::Result<usize> + 'a>;

pub(crate) fn run(out: &mut impl Write) -> Fallible<()> {
    let home = Home::new()?;
    let keystone = Fake::start(Knobs::default());
    let agent = Agent::start(&home)?;
    agent.add("memory", &agent::profile("prod", &keystone.url(), &Knobs::default().projects[0].id), true)?;
    let token = agent::line(&json!({"v": 1, "op": "token", "profile": "prod"}));
    let env = agent::line(&json!({"v": 1, "op": "env", "profile": "prod"}));
    let reply_len = agent.connect()?.exchange(&token)?.len();
    let echo = home.path().join("echo.sock");
    start_echo(&echo, token.len(), reply_len)?;
    let mut many = (0..CONNECTIONS).map(|_| agent.connect()).collect::<io::Result<Vec<_>>>()?;
    let kinds: Vec<(&str, Option<f64>, Work<'_>)> = vec![
        ("token, one connection", Some(50_000.0), on_one(&home.socket(), &token)?),
        ("env, one connection", None, on_one(&home.socket(), &env)?),
        ("token, connecting each time", Some(20_000.0), each_time(&home.socket(), &token)),
        ("token, 32 connections at once", None, Box::new(|| at_once(&mut many, &token))),
        ("bare echo, one connection", None, on_one(&echo, &token)?),
        ("bare echo, connecting each time", None, each_time(&echo, &token)),
    ];
    let (names, mut works): (Vec<_>, Vec<_>) =
        kinds.into_iter().map(|(name, min, work)| ((name, min), work)).unzip();
    let mut rates = vec![Vec::new(); works.len()];
    for _ in 0..TURNS {
        for (work, rates) in works.iter_mut().zip(&mut rates) {
            rates.push(rate(work)?);
        }
    }
    writeln!(out, "\n## Requests a second\n\n{:<36}{:>10}{:>10}", "", "median", "best")?;
    for ((name, target), mut rates) in names.into_iter().zip(rates) {
        rates.sort_by(f64::total_cmp);
        let (median, best) = (rates[rates.len() / 2], rates[rates.len() - 1]);
        let word = match target {
            Some(target) if median >= target => format!("  met: at least {target}"),
            Some(target) => format!("  MISSED: at least {target}"),
            None => String::new(),
        };
        writeln!(out, "{name:<36}{median:>10.0}{best:>10.0}{word}")?;
    }
    Ok(())
}

fn rate(work: &mut Work<'_>) -> Fallible<f64> {
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < TURN {
        count += work()?;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

fn on_one<'a>(socket: &Path, line: &'a [u8]) -> io::Result<Work<'a>> {
    let mut connection = Connection::to(socket)?;
    Ok(Box::new(move || {
        for _ in 0..BATCH {
            connection.exchange(line)?;
        }
        Ok(BATCH)
    }))
}

fn each_time<'a>(socket: &Path, line: &'a [u8]) -> Work<'a> {
    let socket = PathBuf::from(socket);
    Box::new(move || {
        for _ in 0..BATCH {
            Connection::to(&socket)?.exchange(line)?;
        }
        Ok(BATCH)
    })
}

/// All ask, then all are answered.
fn at_once(connections: &mut [Connection], line: &[u8]) -> io::Result<usize> {
    connections.iter_mut().try_for_each(|connection| connection.send(line))?;
    for connection in connections.iter_mut() {
        connection.receive()?;
    }
    Ok(connections.len())
}

/// Answers so many bytes with so many, one connection after the other, until the bench ends.
fn start_echo(socket: &Path, request_len: usize, reply_len: usize) -> io::Result<()> {
    let listener = UnixListener::bind(socket)?;
    std::thread::spawn(move || {
        let mut reply = vec![b'x'; reply_len];
        reply[reply_len - 1] = b'\n';
        for stream in listener.incoming().flatten() {
            let reply = reply.clone();
            std::thread::spawn(move || answer(stream, request_len, &reply));
        }
    });
    Ok(())
}

fn answer(mut stream: UnixStream, request_len: usize, reply: &[u8]) {
    let mut request = vec![0; request_len];
    while stream.read_exact(&mut request).is_ok() && stream.write_all(reply).is_ok() {}
}
