//! A flame graph: the stacks of a selection laid over each other from the root on, and how long each function ran.

use std::collections::HashMap;

use super::chunk::Frame;
use super::selection::Selection;
use crate::answers::{ProfileFunction, ProfileNode};

/// Most nodes of a flame graph, those that ran longest: thinner ones cannot be seen anyway.
pub(crate) const MAX_NODES: usize = 5_000;

/// What ran, and for how long.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) samples: u64,
    pub(crate) busy_ms: f64,
    pub(crate) idle_ms: f64,
    pub(crate) functions: Vec<ProfileFunction>,
    /// Each comes after its parent.
    pub(crate) nodes: Vec<ProfileNode>,
    /// How many nodes were too light.
    pub(crate) omitted: usize,
}

/// To the microsecond: finer, a timestamp of today has nothing but noise.
pub(crate) fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}

/// A function wherever it was called from. Lines differ within a function and do not part it.
type Name<'a> = (&'a str, Option<&'a str>, Option<&'a str>, bool);

fn name(frame: &Frame) -> Name<'_> {
    (&frame.function, frame.module.as_deref(), frame.file.as_deref(), frame.in_app)
}

#[derive(Debug, Clone, Copy, Default)]
struct Time {
    own: f64,
    total: f64,
}

#[derive(Debug, Default)]
struct Builder<'a> {
    names: HashMap<Name<'a>, usize>,
    functions: Vec<(Name<'a>, Time)>,
    /// By parent and function.
    places: HashMap<(Option<usize>, usize), usize>,
    nodes: Vec<(Option<usize>, usize, Time)>,
}

impl Graph {
    pub(crate) fn of(selection: &Selection<'_>) -> Self {
        let mut graph = Self::default();
        // Few stacks take many samples: each is laid over the others once.
        let mut stacks: HashMap<(usize, u32), f64> = HashMap::new();
        selection.visit(|chunk, _, taken| {
            if chunk.stack(taken.sample).is_empty() {
                graph.idle_ms += taken.seconds * 1e3;
                return;
            }
            graph.samples += 1;
            graph.busy_ms += taken.seconds * 1e3;
            *stacks.entry((taken.chunk, taken.sample.stack)).or_default() += taken.seconds;
        });
        let mut builder = Builder::default();
        // In a fixed order, so that the same samples make the same graph.
        let mut stacks: Vec<_> = stacks.into_iter().collect();
        stacks.sort_by_key(|(place, _)| *place);
        for ((chunk, stack), seconds) in stacks {
            let Some(chunk) = selection.chunks.0.get(chunk) else { continue };
            let stack = chunk.stacks.get(stack as usize).map_or(&[][..], Vec::as_slice);
            builder.add(stack.iter().rev().filter_map(|frame| chunk.frames.get(*frame as usize)), seconds);
        }
        graph.busy_ms = milliseconds(graph.busy_ms / 1e3);
        graph.idle_ms = milliseconds(graph.idle_ms / 1e3);
        builder.finish(graph)
    }
}

impl<'a> Builder<'a> {
    /// Lays a stack, root first, over those before.
    fn add(&mut self, stack: impl Iterator<Item = &'a Frame>, seconds: f64) {
        let mut parent = None;
        let mut path = Vec::new();
        for frame in stack {
            let function = self.function(frame);
            let node = *self.places.entry((parent, function)).or_insert_with(|| {
                self.nodes.push((parent, function, Time::default()));
                self.nodes.len() - 1
            });
            self.nodes[node].2.total += seconds;
            path.push(function);
            parent = Some(node);
        }
        if let (Some(node), Some(function)) = (parent, path.last()) {
            self.nodes[node].2.own += seconds;
            self.functions[*function].1.own += seconds;
        }
        // A recursion counts once.
        path.sort_unstable();
        path.dedup();
        for function in path {
            self.functions[function].1.total += seconds;
        }
    }

    fn function(&mut self, frame: &'a Frame) -> usize {
        *self.names.entry(name(frame)).or_insert_with_key(|name| {
            self.functions.push((*name, Time::default()));
            self.functions.len() - 1
        })
    }

    fn finish(self, graph: Graph) -> Graph {
        // No node ran longer than its parent, which comes before it: whoever is among the longest, its parent is, too.
        let mut longest: Vec<usize> = (0..self.nodes.len()).collect();
        longest.sort_by(|one, other| {
            self.nodes[*other].2.total.total_cmp(&self.nodes[*one].2.total).then_with(|| one.cmp(other))
        });
        longest.truncate(MAX_NODES);
        longest.sort_unstable();
        let (mut nodes, mut functions) = (Renumbered::default(), Renumbered::default());
        let kept = longest.iter().map(|node| {
            let (parent, function, Time { own, total }) = self.nodes[*node];
            nodes.number(*node);
            ProfileNode {
                parent: parent.map(|parent| nodes.number(parent)),
                function: functions.number(function),
                self_ms: milliseconds(own),
                total_ms: milliseconds(total),
            }
        });
        let kept: Vec<_> = kept.collect();
        let functions = functions.order.iter().map(|function| {
            let ((name, module, file, in_app), Time { own, total }) = self.functions[*function];
            ProfileFunction {
                function: name.to_owned(),
                module: module.map(str::to_owned),
                file: file.map(str::to_owned),
                in_app,
                self_ms: milliseconds(own),
                total_ms: milliseconds(total),
            }
        });
        Graph { functions: functions.collect(), omitted: self.nodes.len() - kept.len(), nodes: kept, ..graph }
    }
}

/// Numbers in the order in which they are asked for.
#[derive(Debug, Default)]
struct Renumbered {
    numbers: HashMap<usize, usize>,
    order: Vec<usize>,
}

impl Renumbered {
    fn number(&mut self, old: usize) -> usize {
        *self.numbers.entry(old).or_insert_with(|| {
            self.order.push(old);
            self.order.len() - 1
        })
    }
}
