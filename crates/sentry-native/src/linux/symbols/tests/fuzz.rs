//! What this program's own debug information becomes when it is broken.

use std::cell::RefCell;
use std::ops::Range;

use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::super::functions::CALLS;
use super::super::image::Image;
use super::elf::{self, Section, debug, symbols};
use super::{Maps, look_up};

/// Units that are read, and the size of each, bytes.
const UNITS: usize = 3;
const SIZES: Range<usize> = 1_000..40_000;

/// Functions in the table of symbols.
const SYMBOLS: usize = 200;

/// A part of this program as a file of its own.
struct Part {
    bytes: Vec<u8>,
    /// Where a change is one to what is read.
    read: Vec<Range<usize>>,
    /// Code of the units, and some that is not.
    addresses: Vec<u64>,
}

/// Some units of this program, with all that they refer to.
fn part() -> Part {
    let image = Image::open(&Maps::own().modules()[0]).unwrap();
    let file = image.parse().unwrap();
    let dwarf = image.dwarf(&file);
    let content = |name: &str| file.section_by_name(name).map_or(&[][..], |it| it.data().unwrap());
    let (mut info, mut addresses, mut forms_end, mut lines_end) = (Vec::new(), vec![1, u64::MAX], 0, 0);
    let mut headers = dwarf.units();
    let mut taken = 0;
    while let Some(header) = headers.next().unwrap()
        && taken < UNITS
    {
        let start = header.debug_info_offset().unwrap();
        let unit = dwarf.unit(header).unwrap();
        let mut ranges = Vec::new();
        let mut all = dwarf.unit_ranges(&unit).unwrap();
        while let Some(range) = all.next().unwrap() {
            ranges.push(range);
        }
        let Some(program) = unit.line_program.as_ref().filter(|_| ranges.iter().any(|it| it.begin > 0))
        else {
            continue;
        };
        let length = header.length_including_self();
        if !SIZES.contains(&length) {
            continue;
        }
        taken += 1;
        info.extend(&content(".debug_info")[start.0..start.0 + length]);
        forms_end = forms_end.max(header.debug_abbrev_offset().0 + 4_096);
        let lines = program.header();
        lines_end = lines_end.max(lines.offset().0 + 4 + lines.unit_length());
        addresses.extend(ranges.iter().flat_map(|it| (it.begin..it.end).step_by(8).skip(1)).take(400));
    }
    assert_eq!(taken, UNITS);
    addresses.sort_unstable();
    addresses.dedup();
    let sections = sections(
        &file,
        info,
        |name, end| content(name)[..end.min(content(name).len())].to_vec(),
        forms_end,
        lines_end,
    );
    let (bytes, read) = elf::file(sections);
    // A file whose headers are broken is soon through, and a change in a text is another name.
    let read = [&read, &read[DEBUG], &read[DEBUG], &read[DEBUG], &read[DEBUG]].concat();
    Part { bytes, read, addresses }
}

/// Which of the sections describe code.
const DEBUG: Range<usize> = 2..6;

fn sections(
    file: &object::File<'_>,
    info: Vec<u8>,
    first: impl Fn(&'static str, usize) -> Vec<u8>,
    forms_end: usize,
    lines_end: usize,
) -> Vec<Section> {
    let functions = file.symbols().filter(|it| it.kind() == SymbolKind::Text && it.address() > 0);
    let functions = functions.filter_map(|it| Some((it.name().ok()?, it.address(), it.size())));
    let [table, names] = symbols(&functions.take(SYMBOLS).collect::<Vec<_>>());
    vec![
        table,
        names,
        debug(".debug_info", info),
        debug(".debug_abbrev", first(".debug_abbrev", forms_end)),
        debug(".debug_line", first(".debug_line", lines_end)),
        debug(".debug_ranges", first(".debug_ranges", usize::MAX)),
        debug(".debug_str", first(".debug_str", usize::MAX)),
    ]
}

thread_local! {
    static PART: RefCell<Option<Part>> = const { RefCell::new(None) };
}

/// How many names are found at the addresses, once these bytes are others.
fn names_in(changes: &[(Index, Index, u8)]) -> usize {
    // A failure before has lost it.
    let Part { mut bytes, read, addresses } = PART.take().unwrap_or_else(part);
    let mut before = Vec::new();
    for (range, at, byte) in changes {
        let range = range.get(&read);
        let at = range.start + at.index(range.len());
        before.push((at, std::mem::replace(&mut bytes[at], *byte)));
    }
    let image = Image::of(bytes);
    let found = look_up(&image, &addresses).len();
    let mut bytes = image.into_bytes();
    for (at, byte) in before.into_iter().rev() {
        bytes[at] = byte;
    }
    PART.set(Some(Part { bytes, read, addresses }));
    found
}

#[test]
fn the_part_of_this_program_that_is_broken_is_one_with_names() {
    let addresses = part().addresses.len();
    let found = names_in(&[]);
    assert!(addresses > 100 && found * 2 > addresses, "{found} names at {addresses} addresses");
}

proptest! {
    #[test]
    fn fuzz_broken_debug_information_has_few_names_and_no_panic(
        changes in vec((any::<Index>(), any::<Index>(), any::<u8>()), 1..12),
    ) {
        let found = names_in(&changes);
        prop_assert!(found <= UNITS * CALLS, "{found}");
    }
}
