//! Frames that the client library can read.
//!
//! AMQP allows any bytes in short strings, and tables within tables without end. The library takes a short string that is
//! not UTF-8 for a broken connection, which ends; the message goes back to its queue, and ends the next connection, for
//! ever. And it reads tables by recursion: some thousand levels overflow the stack of its thread, and the process dies.
//! So what a foreign publisher may have written is made readable before the library sees it. Every frame keeps its
//! length: bytes that are no text become `?`, and tables that are too deep, or cannot be read, become bytes.

/// Bytes before the payload of a frame: its type, its channel, and the length of the payload.
const HEAD: usize = 7;

/// Larger frames are not looked at: the broker agreed to send none (RabbitMQ's are up to 131,072 bytes).
const LARGEST: usize = 1 << 20;

const METHOD: u8 = 1;
const HEADER: u8 = 2;

/// Stands for a byte that is no text.
const NO_TEXT: u8 = b'?';

/// Tables and lists within one another.
const DEPTH: usize = 8;

/// Makes a stream of frames readable, bit by bit.
#[derive(Debug, Default)]
pub(crate) struct Readable {
    /// The beginning of a frame.
    partial: Vec<u8>,
    /// Bytes that go through as they are: the rest of a body.
    through: usize,
}

impl Readable {
    /// Takes what has come, and adds to `ready` what can be read by now. Keeps at most one frame that is no body.
    pub(crate) fn take(&mut self, came: &[u8], ready: &mut Vec<u8>) {
        let through = self.through.min(came.len());
        ready.extend_from_slice(&came[..through]);
        self.through -= through;
        self.partial.extend_from_slice(&came[through..]);
        let mut at = 0;
        while let Some(&[kind, _, _, a, b, c, d]) = self.partial[at..].first_chunk::<HEAD>() {
            let payload = u32::from_be_bytes([a, b, c, d]) as usize;
            let whole = HEAD.saturating_add(payload).saturating_add(1);
            let left = self.partial.len() - at;
            if matches!(kind, METHOD | HEADER) && payload <= LARGEST {
                let Some(frame) = self.partial.get_mut(at..at + whole) else { break };
                let payload = &mut frame[HEAD..HEAD + payload];
                let _ = if kind == METHOD { method(payload) } else { header(payload) };
            }
            ready.extend_from_slice(&self.partial[at..at + whole.min(left)]);
            self.through = whole.saturating_sub(left);
            at += whole.min(left);
        }
        self.partial.drain(..at);
    }

    /// What is left at the end of a stream.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.partial)
    }
}

/// What is still to be read of a payload.
struct Rest<'a>(&'a mut [u8]);

impl<'a> Rest<'a> {
    fn bytes(&mut self, length: usize) -> Option<&'a mut [u8]> {
        let (taken, rest) = std::mem::take(&mut self.0).split_at_mut_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|it| it[0])
    }

    fn short(&mut self) -> Option<u16> {
        self.bytes(2).map(|it| u16::from_be_bytes([it[0], it[1]]))
    }

    /// What begins with its length.
    fn long(&mut self) -> Option<&'a mut [u8]> {
        let length = self.bytes(4).map(|it| u32::from_be_bytes([it[0], it[1], it[2], it[3]]))?;
        self.bytes(length as usize)
    }

    /// A short string, which is text afterwards.
    fn text(&mut self) -> Option<()> {
        let length = self.byte()?;
        as_text(self.bytes(length.into())?);
        Some(())
    }
}

/// Every byte that is no part of UTF-8 becomes `?`.
fn as_text(mut text: &mut [u8]) {
    while let Err(error) = std::str::from_utf8(text) {
        let (from, length) = (error.valid_up_to(), error.error_len());
        let to = length.map_or(text.len(), |length| from + length);
        text[from..to].fill(NO_TEXT);
        text = &mut text[to..];
    }
}

/// The methods in which the broker repeats what others wrote: routing keys, and reasons of its own that name them.
fn method(payload: &mut [u8]) -> Option<()> {
    let mut rest = Rest(payload);
    let (before, texts) = match (rest.short()?, rest.short()?) {
        // Close of a connection, close of a channel.
        (10, 50) | (20, 40) => (2, 1),
        // Return.
        (60, 50) => (2, 3),
        // Deliver: the tags, and whether it was delivered before.
        (60, 60) => {
            rest.text()?;
            (9, 2)
        }
        // Answer to a get.
        (60, 71) => (9, 2),
        _ => return Some(()),
    };
    rest.bytes(before)?;
    (0..texts).try_for_each(|_| rest.text())
}

/// The properties of a message, each there if its flag is set.
fn header(payload: &mut [u8]) -> Option<()> {
    let mut rest = Rest(payload);
    // Class, weight, and size of the body.
    rest.bytes(12)?;
    let flags = rest.short()?;
    let mut more = flags & 1;
    while more != 0 {
        more = rest.short()? & 1;
    }
    for (number, property) in
        [b's', b's', b'F', b'B', b'B', b's', b's', b's', b's', b'T', b's', b's', b's', b's']
            .into_iter()
            .enumerate()
    {
        if flags & (0x8000 >> number) == 0 {
            continue;
        }
        match property {
            b's' => rest.text()?,
            b'F' => top(rest.long()?),
            b'B' => drop(rest.byte()?),
            _ => drop(rest.bytes(8)?),
        }
    }
    Some(())
}

/// A message's own table. One that cannot be read becomes a table with one entry, all bytes.
fn top(table: &mut [u8]) {
    if entries(table, true, DEPTH).is_some() {
        return;
    }
    let length = table.len();
    if let Some(([name, kind, a, b, c, d], bytes)) = table.split_first_chunk_mut::<6>() {
        [*a, *b, *c, *d] = (bytes.len() as u32).to_be_bytes();
        (*name, *kind) = (0, b'x');
    } else if let [name, others @ .., kind] = table {
        others.fill(b'x');
        (*name, *kind) = (length.saturating_sub(2) as u8, b'V');
    }
}

/// The entries of a table, which have names, or of a list. `None` if they cannot be read.
fn entries(table: &mut [u8], named: bool, depth: usize) -> Option<()> {
    let mut rest = Rest(table);
    while !rest.0.is_empty() {
        if named {
            rest.text()?;
        }
        let kind = &mut rest.bytes(1)?[0];
        match *kind {
            b'V' => {}
            b't' | b'b' | b'B' => drop(rest.bytes(1)?),
            b's' | b'U' | b'u' => drop(rest.bytes(2)?),
            b'I' | b'i' | b'f' => drop(rest.bytes(4)?),
            b'D' => drop(rest.bytes(5)?),
            b'L' | b'l' | b'd' | b'T' => drop(rest.bytes(8)?),
            b'S' | b'x' => drop(rest.long()?),
            b'F' | b'A' => {
                let named = *kind == b'F';
                let inner = rest.long()?;
                if depth == 0 || entries(inner, named, depth - 1).is_none() {
                    *kind = b'x';
                }
            }
            _ => return None,
        }
    }
    Some(())
}

#[cfg(test)]
#[path = "readable_tests.rs"]
mod tests;
