//! A secret on its way through the client is in wiped memory only: whatever the heap gets back is looked through for it.

// The one way to see memory that is given back is to be the allocator.
#![allow(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use osagent::openrc::{Context, NoFiles, draft, read, scrub};
use osagent::secret::Secret;
use osagent::wire::{self, Op, Request, Sealed};
use zeroize::Zeroizing;

#[global_allocator]
static HEAP: Watched = Watched;

const CANARY: &str = "wipe-me.Canary-7f3a";

struct Watched;

thread_local! {
    /// Only the thread of a test that asks for it looks.
    static LOOKS: Cell<bool> = const { Cell::new(false) };
    /// Sizes of blocks that came back with the canary in them.
    static FOUND: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

// SAFETY: it hands every call on to the system's allocator. What it looks at is the caller's until then, and was zeroed when
// it was given out, so that no byte of it is uninitialised.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if LOOKS.get() {
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            if bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()) {
                FOUND.set((FOUND.get().0 + 1, layout.size()));
            }
        }
        unsafe { System.dealloc(block, layout) }
    }
}

/// How many blocks came back with the secret in them while `run` ran, and how large the last was.
fn given_back(run: impl FnOnce()) -> (usize, usize) {
    FOUND.set((0, 0));
    LOOKS.set(true);
    run();
    LOOKS.set(false);
    FOUND.get()
}

#[test]
fn a_block_that_is_not_wiped_is_seen() {
    let (count, size) = given_back(|| drop(CANARY.to_owned()));
    assert_eq!((count, size), (1, CANARY.len()));
    let (count, _) = given_back(|| drop(Zeroizing::new(CANARY.to_owned())));
    assert_eq!(count, 0);
}

/// From the bytes of the file to the line for the agent, and through the agent's reading of it.
fn travels(text: &[u8], answers: &[Secret]) {
    let context = Context {
        home: "/home/ada",
        user: "ada",
        dir: "/home/ada",
        file_name: "openrc.sh",
        args: &[],
        answers,
        files: &NoFiles,
    };
    let reading = read(text, &context).unwrap();
    let draft = draft(&reading);
    assert_eq!(draft.secret.as_ref().unwrap().expose(), CANARY);
    let request = Request { secret: draft.secret.map(Sealed), ..Request::new(Op::Add) };
    let line = wire::line(&request, 16).unwrap();
    let request: Request = wire::read(&line[..line.len() - 1]).unwrap();
    assert_eq!(request.secret.unwrap().0.expose(), CANARY);
    drop(scrub(text, &reading, &"prod".parse().unwrap()));
}

#[test]
fn a_password_that_stands_in_the_file_is_wiped_wherever_it_went() {
    for line in [
        "export OS_PASSWORD=@",
        "export OS_PASSWORD='@' # not @",
        "export OS_PASSWORD=\"@\"",
        "export \"OS_PASSWORD=@\"",
        "export OS_PASSWORD=$'@'",
        "declare -x OS_PASSWORD='@'",
        "pw='@'\nexport OS_PASSWORD=\"$pw\" ST_KEY=${pw}",
        "export OS_PASSWORD=${OS_PASSWORD:-'@'}",
        "eval \"export OS_PASSWORD='@'\"",
        "f() { local it=$1; export OS_PASSWORD=$it; }\nf '@'",
        "if uname; then export OS_PASSWORD='@'; else export OS_PASSWORD='@'; fi",
        "for it in '@'; do export OS_PASSWORD=$it; done",
        "case '@' in wipe*) export OS_PASSWORD='@';; esac",
        "[ '@' = x ] || export OS_PASSWORD='@'\nexport OS_AUTH_URL=\"https://ada:$OS_PASSWORD@id\"",
        "set -- '@'\nexport OS_PASSWORD=$1",
        "export OS_PASSWORD='x@'\nexport OS_PASSWORD=${OS_PASSWORD#x}",
        "echo \"the password is @\"\nexport OS_PASSWORD='@'",
    ] {
        let text = Zeroizing::new(format!("export OS_USERNAME=ada\n{}\n", line.replace('@', CANARY)));
        let found = given_back(|| travels(text.as_bytes(), &[]));
        assert_eq!(found.0, 0, "{line:?}: the last block had {} bytes", found.1);
    }
}

#[test]
fn a_password_that_was_typed_is_wiped_wherever_it_went() {
    for line in [
        "read -sr OS_PASSWORD_INPUT\nexport OS_PASSWORD=$OS_PASSWORD_INPUT",
        "read -s -p 'Password: ' OS_PASSWORD; export OS_PASSWORD",
        "read OS_PASSWORD\necho \"you typed $OS_PASSWORD\"\nexport OS_PASSWORD",
    ] {
        let answers = [Secret::new(CANARY.to_owned())];
        let found = given_back(|| travels(format!("{line}\n").as_bytes(), &answers));
        assert_eq!(found.0, 0, "{line:?}: the last block had {} bytes", found.1);
    }
}
