//! Stacks of exceptions and threads.

use sentry::protocol::{Frame, Stacktrace, Thread};

use super::{FIELDS, TAG, VALUE, Walk, cut, ends, first, written};

impl Walk {
    pub(in crate::size) fn threads(&mut self, threads: &mut Vec<Thread>, frames: usize) {
        threads.truncate(FIELDS);
        for thread in threads {
            self.has_room(100);
            thread.name.iter_mut().for_each(|name| self.text(name, TAG));
            self.stack(&mut thread.stacktrace, frames);
            self.stack(&mut thread.raw_stacktrace, frames);
        }
    }

    /// Keeps the frames at both ends. In a deep recursion, those in the middle are alike.
    pub(in crate::size) fn stack(&mut self, stack: &mut Option<Stacktrace>, most: usize) {
        let Some(stack) = stack else { return };
        stack.frames.iter_mut().for_each(shorten);
        let mut keep = stack.frames.len().min(most);
        let cost = |frames: &[Frame], keep: usize| -> usize {
            let head = keep / 2;
            frames[..head].iter().chain(&frames[frames.len() - (keep - head)..]).map(cost).sum()
        };
        while keep > 0 && cost(&stack.frames, keep) > self.left {
            keep /= 2;
        }
        self.left = self.left.saturating_sub(cost(&stack.frames, keep));
        // `frames_omitted` is not set: receivers that use Sentry's published schema refuse it.
        ends(&mut stack.frames, keep);
        first(&mut stack.registers, 64);
    }
}

fn shorten(frame: &mut Frame) {
    let texts = [
        &mut frame.function,
        &mut frame.symbol,
        &mut frame.module,
        &mut frame.package,
        &mut frame.filename,
        &mut frame.abs_path,
        &mut frame.context_line,
    ];
    texts.into_iter().flatten().for_each(|text| cut(text, 256));
    for lines in [&mut frame.pre_context, &mut frame.post_context] {
        lines.truncate(5);
        lines.iter_mut().for_each(|line| cut(line, TAG));
    }
    Walk::new(512, 0).facts(&mut frame.vars, 256);
}

/// An upper bound for the size of a frame as JSON.
fn cost(frame: &Frame) -> usize {
    let texts = [
        &frame.function,
        &frame.symbol,
        &frame.module,
        &frame.package,
        &frame.filename,
        &frame.abs_path,
        &frame.context_line,
    ];
    let lines = frame.pre_context.iter().chain(&frame.post_context);
    let texts = texts.into_iter().flatten().chain(lines).map(|text| written(text) + VALUE).sum::<usize>();
    let vars = if frame.vars.is_empty() { 0 } else { 1024 };
    200 + texts + vars
}
