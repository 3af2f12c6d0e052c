//! What holds of the protocol's lines whatever the bytes are: they are cut in the same way in whatever pieces they come, in
//! bounded memory; what is no message is refused in words that hold nothing of it; and what is one says the same when it is
//! written again. Shared by the fuzz target and by the test that replays the corpus; it must touch nothing outside of itself.

use std::fmt::Debug;

use osagent::wire::frame::TooLong;
use osagent::wire::{self, Frame, REQUEST_LEN_MAX, Reply, Request, answer, handover};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A frame is allowed the longest request and what came with its end.
const HELD_MAX: usize = 2 * REQUEST_LEN_MAX;

pub(crate) fn check(bytes: &[u8]) {
    let lines = cut_by_definition(bytes);
    // The pieces' length is the input's own, so that fuzzing finds the lengths that matter.
    let piece_len = bytes.iter().take(2).fold(1, |len, byte| len * (usize::from(*byte) + 1));
    for piece_len in [piece_len, bytes.len().max(1)] {
        assert_eq!(cut(bytes, piece_len), lines, "in pieces of {piece_len}");
    }
    lines.0.iter().for_each(|line| check_line(line));
}

fn check_line(line: &[u8]) {
    check_message::<Request>(line);
    check_message::<Reply<answer::Hello>>(line);
    check_message::<Reply<answer::Token>>(line);
    check_message::<Reply<answer::Env>>(line);
    check_message::<Reply<answer::Profiles>>(line);
    check_message::<Reply<answer::Listed>>(line);
    check_message::<Reply<answer::Added>>(line);
    check_message::<Reply<answer::Done>>(line);
    check_message::<Reply<answer::Ended>>(line);
    check_message::<Reply<answer::Status>>(line);
    check_message::<Reply<answer::Rejected>>(line);
    check_message::<Reply<answer::Audit>>(line);
    check_message::<Reply<handover::State>>(line);
    if let Ok(Request { secret: Some(secret), .. }) = wire::read(line) {
        assert_eq!(format!("{secret:?}"), "Sealed(Secret(..))");
    }
}

fn check_message<T: Serialize + DeserializeOwned + Debug>(line: &[u8]) {
    let message = match wire::read::<T>(line) {
        Ok(message) => message,
        Err(error) => {
            // Word for word, so that nothing of the line can be in it; the place is in the line, or where it ends.
            let text = format!("not a message of this protocol (column {})", error.column);
            assert_eq!(error.to_string(), text);
            assert!(error.column <= line.len() + 1, "column {} of {}", error.column, line.len());
            return;
        }
    };
    let written = wire::line(&message, 256).expect("what was read can be written");
    assert!(written.iter().filter(|byte| **byte == b'\n').count() == 1 && written.ends_with(b"\n"));
    let again: T = wire::read(&written).expect("what was written can be read");
    assert!(wire::line(&again, 256).unwrap() == written, "a message changes when it is read and written");
}

/// The lines, and whether what follows them is too long.
type Cut = (Vec<Vec<u8>>, bool);

fn cut_by_definition(bytes: &[u8]) -> Cut {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let long = lines.iter().position(|line| line.len() > REQUEST_LEN_MAX);
    // The last one has no end.
    lines.truncate(long.unwrap_or(lines.len() - 1));
    (lines.into_iter().map(<[u8]>::to_vec).collect(), long.is_some())
}

fn cut(bytes: &[u8], piece_len: usize) -> Cut {
    let (mut frame, mut lines) = (Frame::default(), Vec::new());
    let is_too_long = bytes.chunks(piece_len).any(|piece| take(&mut frame, piece, &mut lines).is_err());
    (lines, is_too_long)
}

fn take(frame: &mut Frame, mut piece: &[u8], lines: &mut Vec<Vec<u8>>) -> Result<(), TooLong> {
    while !piece.is_empty() {
        let room = frame.room();
        assert!(!room.is_empty() && room.len() <= HELD_MAX);
        let count = piece.len().min(room.len());
        room[..count].copy_from_slice(&piece[..count]);
        frame.came(count);
        piece = &piece[count..];
        while frame.is_whole()? {
            lines.push(frame.line().to_vec());
            frame.wipe();
        }
    }
    Ok(())
}
