//! Bytes as they come in, cut into requests. Pure: it knows no socket and no time. What it held is wiped when it is given
//! back, when it grows and when it is dropped, and it never holds more than two of the longest requests.

use zeroize::{Zeroize, Zeroizing};

use super::REQUEST_LEN_MAX;

/// Most requests are under 200 bytes; only `add` and long secrets make the buffer grow.
const LEN: usize = 1024;

/// What has come in and is not answered yet.
#[derive(Debug)]
pub struct Frame {
    buffer: Zeroizing<Vec<u8>>,
    /// Bytes of the buffer that came in.
    len: usize,
    /// Bytes of those in which no end of a line was found.
    searched: usize,
    /// Bytes of those that belong to the line handed out last, its end included.
    taken: usize,
}

/// The line goes on beyond [`REQUEST_LEN_MAX`]; where it ends is not known, so nothing after it can be read.
#[derive(Debug, thiserror::Error)]
#[error("the request is longer than {REQUEST_LEN_MAX} bytes")]
pub struct TooLong;

impl Default for Frame {
    fn default() -> Frame {
        Frame { buffer: Zeroizing::new(vec![0; LEN]), len: 0, searched: 0, taken: 0 }
    }
}

impl Frame {
    /// Whether nothing of a request is there.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether a whole line is there, which [`line`](Self::line) then is.
    pub fn is_whole(&mut self) -> Result<bool, TooLong> {
        let end = self.buffer[self.searched..self.len].iter().position(|byte| *byte == b'\n');
        let line_len = end.map_or(self.len, |at| self.searched + at);
        if line_len > REQUEST_LEN_MAX {
            return Err(TooLong);
        }
        self.searched = line_len;
        self.taken = if end.is_some() { line_len + 1 } else { 0 };
        Ok(end.is_some())
    }

    /// The line, without its end.
    pub fn line(&self) -> &[u8] {
        &self.buffer[..self.taken.saturating_sub(1)]
    }

    /// Where the next bytes go.
    pub fn room(&mut self) -> &mut [u8] {
        if self.len == self.buffer.len() {
            let mut larger = Zeroizing::new(vec![0; self.buffer.len() * 2]);
            larger[..self.len].copy_from_slice(&self.buffer);
            self.buffer = larger;
        }
        &mut self.buffer[self.len..]
    }

    /// So many bytes were put there.
    pub fn came(&mut self, count: usize) {
        self.len += count;
    }

    /// Takes the line that was handed out away: it may have held a secret, and the next one may be long in coming.
    pub fn wipe(&mut self) {
        self.buffer.copy_within(self.taken..self.len, 0);
        let left = self.len - self.taken;
        self.buffer[left..self.len].zeroize();
        (self.len, self.searched, self.taken) = (left, 0, 0);
        // Thousands of connections that each sent one long request would hold half a gigabyte between them.
        if left == 0 && self.buffer.len() > LEN {
            *self = Frame::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that `bytes` are cut into when they come in such pieces.
    fn lines(bytes: &[u8], piece_len: usize) -> Result<Vec<Vec<u8>>, TooLong> {
        let (mut frame, mut lines) = (Frame::default(), Vec::new());
        for piece in bytes.chunks(piece_len) {
            let mut piece = piece;
            while !piece.is_empty() {
                let room = frame.room();
                let count = piece.len().min(room.len());
                room[..count].copy_from_slice(&piece[..count]);
                frame.came(count);
                piece = &piece[count..];
                while frame.is_whole()? {
                    lines.push(frame.line().to_vec());
                    frame.wipe();
                }
            }
        }
        Ok(lines)
    }

    #[test]
    fn lines_are_the_same_in_whatever_pieces_they_come() {
        let long = [b"x".repeat(5000), b"\n".to_vec()].concat();
        let bytes = [b"one\n\ntwo\r\n".as_slice(), &long, b"end\nrest"].concat();
        let whole: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        for piece_len in [1, 2, 3, 1023, 1024, 1025, 4096, bytes.len()] {
            assert_eq!(lines(&bytes, piece_len).unwrap(), whole[..whole.len() - 1], "{piece_len}");
        }
    }

    #[test]
    fn the_longest_request_is_cut_out_and_one_byte_more_is_too_long() {
        let longest = [b"x".repeat(REQUEST_LEN_MAX), b"\n".to_vec()].concat();
        for piece_len in [1000, longest.len()] {
            assert_eq!(lines(&longest, piece_len).unwrap().len(), 1);
            assert!(lines(&[b"x", longest.as_slice()].concat(), piece_len).is_err());
            assert!(lines(&b"x".repeat(REQUEST_LEN_MAX + 1), piece_len).is_err(), "without an end");
        }
    }

    #[test]
    fn a_long_request_leaves_a_small_buffer_and_nothing_in_it() {
        let mut frame = Frame::default();
        for _ in 0..REQUEST_LEN_MAX / LEN {
            let room = frame.room();
            room[..LEN].fill(b'x');
            frame.came(LEN);
        }
        frame.room()[0] = b'\n';
        frame.came(1);
        assert!(frame.is_whole().unwrap());
        frame.wipe();
        assert!(frame.is_empty() && frame.buffer.len() == LEN);
        assert!(frame.buffer.iter().all(|byte| *byte == 0));
    }
}
