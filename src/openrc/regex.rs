//! Extended regular expressions, as `[[ TEXT =~ EXPRESSION ]]` has them: whether one matches anywhere, all ways at once and
//! without going back, so that none can take long. What a group has matched is not told.

/// States of one expression; a counted repeat copies what it repeats.
const STATES_MAX: usize = 512;
const DEPTH_MAX: usize = 32;

/// Whether `expression` matches somewhere in `text`; `None` where that hangs on the locale, or on what is not read here.
pub(crate) fn matches(expression: &[u8], text: &[u8]) -> Option<bool> {
    if !text.is_ascii() || !expression.is_ascii() {
        return None;
    }
    let mut reader = Reader { rest: expression, states: Vec::new(), depth: 0 };
    let start = reader.alternatives()?;
    if !reader.rest.is_empty() {
        return None;
    }
    let accept = reader.push(State::Accept)?;
    reader.point(&start.open, accept);
    Some(run(&reader.states, start.first, text))
}

enum State {
    /// Takes one byte of these.
    Take(Box<[bool; 128]>, usize),
    Fork(usize, usize),
    Start(usize),
    End(usize),
    Accept,
}

/// A state's way on that is not known yet; `second` is the other way of a fork.
#[derive(Clone, Copy)]
struct Way {
    state: usize,
    second: bool,
}

struct Piece {
    first: usize,
    open: Vec<Way>,
}

struct Reader<'e> {
    rest: &'e [u8],
    states: Vec<State>,
    depth: usize,
}

impl Reader<'_> {
    fn push(&mut self, state: State) -> Option<usize> {
        self.states.push(state);
        (self.states.len() <= STATES_MAX).then_some(self.states.len() - 1)
    }

    fn point(&mut self, ways: &[Way], to: usize) {
        for way in ways {
            match &mut self.states[way.state] {
                State::Take(_, next) | State::Start(next) | State::End(next) => *next = to,
                State::Fork(first, second) => *(if way.second { second } else { first }) = to,
                State::Accept => {}
            }
        }
    }

    fn next_is(&self, byte: u8) -> bool {
        self.rest.first() == Some(&byte)
    }

    fn alternatives(&mut self) -> Option<Piece> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut all = self.sequence()?;
        while self.next_is(b'|') {
            self.rest = &self.rest[1..];
            let other = self.sequence()?;
            let first = self.push(State::Fork(all.first, other.first))?;
            all.first = first;
            all.open.extend(other.open);
        }
        self.depth -= 1;
        Some(all)
    }

    /// An empty one hangs on the library: it is not read.
    fn sequence(&mut self) -> Option<Piece> {
        let mut all: Option<Piece> = None;
        let ends = |this: &Self| {
            this.rest.is_empty() || this.next_is(b'|') || (this.next_is(b')') && this.depth > 1)
        };
        while !ends(self) {
            let piece = self.repeated()?;
            all = Some(match all {
                None => piece,
                Some(before) => {
                    self.point(&before.open, piece.first);
                    Piece { first: before.first, open: piece.open }
                }
            });
        }
        all
    }

    fn repeated(&mut self) -> Option<Piece> {
        let written = self.rest;
        let mut piece = self.atom()?;
        let own = &written[..written.len() - self.rest.len()];
        match self.rest.first() {
            Some(sign @ (b'*' | b'+' | b'?')) => {
                self.rest = &self.rest[1..];
                piece = self.repeat(piece, *sign)?;
            }
            Some(b'{') => {
                let (least, most, after) = counts(&self.rest[1..])?;
                piece = self.counted(own, least, most)?;
                self.rest = after;
            }
            _ => {}
        }
        // `a**` and the like are for nobody's eyes.
        (!matches!(self.rest.first(), Some(b'*' | b'+' | b'?' | b'{'))).then_some(piece)
    }

    fn repeat(&mut self, piece: Piece, sign: u8) -> Option<Piece> {
        let fork = self.push(State::Fork(piece.first, 0))?;
        let past = Way { state: fork, second: true };
        if sign == b'?' {
            let mut open = piece.open;
            open.push(past);
            return Some(Piece { first: fork, open });
        }
        self.point(&piece.open, fork);
        Some(Piece { first: if sign == b'*' { fork } else { piece.first }, open: vec![past] })
    }

    /// The atom written as `own`, from `least` to `most` times; `None` of `most` is without end.
    fn counted(&mut self, own: &[u8], least: usize, most: Option<usize>) -> Option<Piece> {
        let mut all: Option<Piece> = None;
        let times = most.unwrap_or(least.max(1));
        if times == 0 || least > times {
            return None;
        }
        for time in 0..times {
            let mut inner = Reader { rest: own, states: std::mem::take(&mut self.states), depth: self.depth };
            let piece = inner.atom();
            self.states = inner.states;
            let mut piece = piece?;
            if time >= least {
                piece = self.repeat(piece, if most.is_none() { b'*' } else { b'?' })?;
            } else if most.is_none() && time + 1 == times {
                piece = self.repeat(piece, b'+')?;
            }
            all = Some(match all {
                None => piece,
                Some(before) => {
                    self.point(&before.open, piece.first);
                    Piece { first: before.first, open: piece.open }
                }
            });
        }
        all
    }

    fn atom(&mut self) -> Option<Piece> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        let state = match byte {
            b'(' => {
                let inside = self.alternatives()?;
                self.rest = self.rest.strip_prefix(b")")?;
                return Some(inside);
            }
            b'^' => State::Start(0),
            b'$' => State::End(0),
            b'.' => State::Take(Box::new([true; 128]), 0),
            b'[' => State::Take(self.set()?, 0),
            b'\\' => {
                let (&escaped, rest) = self.rest.split_first()?;
                self.rest = rest;
                // `\d`, `\w`, `\b` mean something to one library and nothing to another.
                if escaped.is_ascii_alphanumeric() {
                    return None;
                }
                one(escaped)
            }
            b'*' | b'+' | b'?' | b'{' | b')' => return None,
            byte => one(byte),
        };
        let first = self.push(state)?;
        Some(Piece { first, open: vec![Way { state: first, second: false }] })
    }

    /// After `[`, up to its `]`: a backslash has no meaning in there.
    fn set(&mut self) -> Option<Box<[bool; 128]>> {
        let mut taken = Box::new([false; 128]);
        let negated = self.next_is(b'^');
        self.rest = &self.rest[usize::from(negated)..];
        let mut is_first = true;
        loop {
            let (&low, rest) = self.rest.split_first()?;
            self.rest = rest;
            match low {
                b']' if !is_first => break,
                b'[' if matches!(self.rest.first(), Some(b'.' | b'=')) => return None,
                b'[' if self.next_is(b':') => {
                    let end = self.rest.windows(2).position(|pair| pair == b":]")?;
                    for byte in 0..128 {
                        taken[usize::from(byte)] |= super::pattern::class(&self.rest[1..end], byte)?;
                    }
                    self.rest = &self.rest[end + 2..];
                }
                low => {
                    let mut high = low;
                    if self.next_is(b'-') && self.rest.get(1).is_some_and(|&byte| byte != b']') {
                        high = self.rest[1];
                        self.rest = &self.rest[2..];
                    }
                    // Where a range runs across kinds of letters the locale has its own order.
                    let kind = |byte: u8| {
                        (byte.is_ascii_digit(), byte.is_ascii_lowercase(), byte.is_ascii_uppercase())
                    };
                    if low > high || (low != high && kind(low) != kind(high)) {
                        return None;
                    }
                    (low..=high).for_each(|byte| taken[usize::from(byte)] = true);
                }
            }
            is_first = false;
        }
        if negated {
            taken.iter_mut().for_each(|taken| *taken = !*taken);
        }
        Some(taken)
    }
}

fn one(byte: u8) -> State {
    let mut taken = Box::new([false; 128]);
    taken[usize::from(byte)] = true;
    State::Take(taken, 0)
}

/// After `{`: `2}`, `2,}`, `2,4}`, and what follows.
fn counts(text: &[u8]) -> Option<(usize, Option<usize>, &[u8])> {
    let end = text.iter().position(|&byte| byte == b'}')?;
    let inside = std::str::from_utf8(&text[..end]).ok()?;
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number <= 255);
    let (least, most) = match inside.split_once(',') {
        None => (number(inside)?, Some(number(inside)?)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    Some((least, most, &text[end + 1..]))
}

/// All ways at once, from every place of the text.
fn run(states: &[State], first: usize, text: &[u8]) -> bool {
    let mut now = vec![false; states.len()];
    for at in 0..=text.len() {
        let mut to_do: Vec<usize> = (0..states.len()).filter(|&state| now[state]).collect();
        now = vec![false; states.len()];
        to_do.push(first);
        let mut next = vec![false; states.len()];
        while let Some(state) = to_do.pop() {
            if std::mem::replace(&mut now[state], true) {
                continue;
            }
            match &states[state] {
                State::Accept => return true,
                State::Fork(one, other) => to_do.extend([*one, *other]),
                State::Start(on) if at == 0 => to_do.push(*on),
                State::End(on) if at == text.len() => to_do.push(*on),
                State::Take(taken, on) if text.get(at).is_some_and(|&byte| taken[usize::from(byte)]) => {
                    next[*on] = true;
                }
                _ => {}
            }
        }
        now = next;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `[[ TEXT =~ EXPRESSION ]]` answers in bash.
    #[test]
    fn what_matches_is_what_matches_in_bash() {
        for (expression, text, expect) in [
            ("^[Yy]", "yes", true),
            ("^[Yy]$", "yes", false),
            ("^(y|yes)$", "yes", true),
            ("^[a-z]+[0-9]+$", "abc123", true),
            ("^[a-z]+[0-9]+$", "abc", false),
            ("v([0-9.]+)/?$", "https://x/v3", true),
            ("^[0-9a-f]{32}$", "0123456789abcdef0123456789abcdef", true),
            ("^[0-9a-f]{32}$", "0123456789abcdef", false),
            ("a{2,3}$", "baa", true),
            ("^a{2,}$", "a", false),
            ("^a{0,1}b", "b", true),
            ("https?://[^/]+", "http://a/b", true),
            ("[[:space:]]", "a b", true),
            ("[]x]", "]", true),
            ("a\\.b", "axb", false),
            ("(a|b)*c", "ababc", true),
            ("b|^$", "", true),
        ] {
            assert_eq!(matches(expression.as_bytes(), text.as_bytes()), Some(expect), "{expression} {text}");
        }
    }

    #[test]
    fn what_is_not_read_is_said_not_to_be_known() {
        for expression in
            ["\\d", "a**", "(", ")", "()", "[a", "[a-Z]", "a{2", "é", "((a{1,255}){1,255}){1,255}"]
        {
            assert_eq!(matches(expression.as_bytes(), b"a"), None, "{expression}");
        }
    }
}
