//! [pprof's format](https://github.com/google/pprof/blob/main/proto/profile.proto), which `go tool pprof` and many other
//! tools read: a gzipped Protocol Buffers message. Ten fields of it are written here; a generator would be larger.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::chunk::{Chunk, Frame};
use super::selection::Selection;
use super::speedscope::{MAX_INDICES, TooLarge};

/// The selection: for each stack of a thread how often it was seen and how long it lasted.
pub(crate) fn export(selection: &Selection<'_>) -> Result<Vec<u8>, TooLarge> {
    let mut stacks: BTreeMap<(usize, &str, u32), (u64, f64)> = BTreeMap::new();
    let mut names: HashMap<&str, &str> = HashMap::new();
    selection.visit(|chunk, track, taken| {
        if !chunk.stack(taken.sample).is_empty() {
            let counts = stacks.entry((taken.chunk, &track.thread, taken.sample.stack)).or_default();
            *counts = (counts.0 + 1, counts.1 + taken.seconds);
        }
        names.entry(&track.thread).or_insert(track.name.as_deref().unwrap_or_default());
    });
    let mut file = File::default();
    let mut left = MAX_INDICES;
    file.head(selection);
    for ((chunk, thread, stack), (count, seconds)) in stacks {
        let Some(chunk) = selection.chunks.0.get(chunk) else { continue };
        let stack = chunk.stacks.get(stack as usize).map_or(&[][..], Vec::as_slice);
        left = left.checked_sub(stack.len()).ok_or(TooLarge)?;
        let name = names.get(thread).copied().unwrap_or_default();
        file.sample(chunk, stack, [count, nanoseconds(seconds)], [("thread", name), ("thread id", thread)]);
    }
    Ok(gzipped(&file.finish()))
}

fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Memory takes all that is written to it.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[derive(Default)]
struct File<'a> {
    message: Message,
    strings: Numbered<&'a str>,
    functions: Numbered<(&'a str, &'a str)>,
    locations: Numbered<&'a Frame>,
}

impl<'a> File<'a> {
    fn head(&mut self, selection: &Selection<'_>) {
        // The table begins with the empty text.
        self.strings.number("");
        for (ty, unit) in [("samples", "count"), ("wall", "nanoseconds")] {
            let value_type = self.value_type(ty, unit);
            self.message.message(1, &value_type);
        }
        let period_type = self.value_type("wall", "nanoseconds");
        self.message.number(9, nanoseconds(selection.from));
        self.message.number(10, nanoseconds(selection.to - selection.from));
        self.message.message(11, &period_type);
    }

    fn value_type(&mut self, ty: &'a str, unit: &'a str) -> Message {
        let mut message = Message::default();
        message.number(1, self.strings.number(ty));
        message.number(2, self.strings.number(unit));
        message
    }

    fn sample(&mut self, chunk: &'a Chunk, stack: &[u32], values: [u64; 2], labels: [(&'a str, &'a str); 2]) {
        let frames = stack.iter().filter_map(|frame| chunk.frames.get(*frame as usize));
        let locations: Vec<u64> = frames.map(|frame| self.location(frame)).collect();
        let mut sample = Message::default();
        sample.numbers(1, &locations);
        sample.numbers(2, &values);
        for (key, value) in labels {
            let mut label = Message::default();
            label.number(1, self.strings.number(key));
            label.number(2, self.strings.number(value));
            sample.message(3, &label);
        }
        self.message.message(2, &sample);
    }

    /// Written when it is asked for first. Ids begin with 1.
    fn location(&mut self, frame: &'a Frame) -> u64 {
        let known = self.locations.len();
        let id = self.locations.number(frame) + 1;
        if self.locations.len() > known {
            let mut line = Message::default();
            line.number(1, self.function(frame));
            line.number(2, frame.line.unwrap_or_default().into());
            let mut location = Message::default();
            location.number(1, id);
            location.message(4, &line);
            self.message.message(4, &location);
        }
        id
    }

    fn function(&mut self, frame: &'a Frame) -> u64 {
        let (name, file) = (frame.function.as_str(), frame.file.as_deref().unwrap_or_default());
        let known = self.functions.len();
        let id = self.functions.number((name, file)) + 1;
        if self.functions.len() > known {
            let mut function = Message::default();
            function.number(1, id);
            function.number(2, self.strings.number(name));
            function.number(3, self.strings.number(name));
            function.number(4, self.strings.number(file));
            self.message.message(5, &function);
        }
        id
    }

    fn finish(mut self) -> Vec<u8> {
        for text in &self.strings.order {
            self.message.bytes(6, text.as_bytes());
        }
        self.message.0
    }
}

/// Numbers from 0 on, in the order in which they are asked for.
struct Numbered<T> {
    numbers: HashMap<T, u64>,
    order: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), order: Vec::new() }
    }
}

impl<T: Copy + Eq + Hash> Numbered<T> {
    fn number(&mut self, value: T) -> u64 {
        *self.numbers.entry(value).or_insert_with(|| {
            self.order.push(value);
            self.order.len() as u64 - 1
        })
    }

    fn len(&self) -> usize {
        self.order.len()
    }
}

/// A message in [the wire format](https://protobuf.dev/programming-guides/encoding/).
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3);
        self.varint(value);
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn message(&mut self, field: u64, message: &Self) {
        self.bytes(field, &message.0);
    }

    fn numbers(&mut self, field: u64, values: &[u64]) {
        let mut packed = Self::default();
        values.iter().for_each(|value| packed.varint(*value));
        self.message(field, &packed);
    }
}
