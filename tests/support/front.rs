//! A thing in front of Keystone that passes bytes on, until it is told to fall silent or to go away: a Keystone that is
//! down for one test, while it stays up for the others.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Passing,
    Silent,
    Closed,
}

pub(crate) struct Front {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    mode: Mode,
    /// Every connection that was taken, so that none that is kept alive goes around a front that has changed its mind.
    clients: Vec<TcpStream>,
}

impl Front {
    pub(crate) fn of(keystone: u16) -> Front {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { mode: Mode::Passing, clients: Vec::new() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let mut state = shared.lock().unwrap();
                match state.mode {
                    Mode::Passing => pass(&client, keystone),
                    Mode::Silent => {}
                    Mode::Closed => return,
                }
                state.clients.push(client);
            }
        });
        Front { port, state }
    }

    /// From now on nobody listens here.
    pub(crate) fn close(&self) {
        self.turn(Mode::Closed);
        // The first of these wakes the listener; it is gone when one is refused.
        let is_refused = || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err();
        crate::wait::until("the port is closed", is_refused);
    }

    /// From now on connections are taken and never answered.
    pub(crate) fn fall_silent(&self) {
        self.turn(Mode::Silent);
    }

    /// From now on all is passed on again.
    pub(crate) fn speak(&self) {
        self.turn(Mode::Passing);
    }

    /// Whether somebody has connected since the last turn.
    pub(crate) fn was_asked(&self) -> bool {
        !self.state.lock().unwrap().clients.is_empty()
    }

    fn turn(&self, mode: Mode) {
        let mut state = self.state.lock().unwrap();
        state.mode = mode;
        for client in state.clients.drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

fn pass(client: &TcpStream, keystone: u16) {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, keystone)).unwrap();
    let copies = |stream: &TcpStream| stream.try_clone().unwrap();
    for (mut from, mut to) in [(copies(client), copies(&server)), (copies(&server), copies(client))] {
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}
