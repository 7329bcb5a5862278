//! Files that no compiler makes, against the bounds of what is read.

use super::super::functions::{CALLS, NAMES, Names, REFERENCES};
use super::super::image::Image;
use super::super::lines::PART;
use super::super::units::{MOST, Units};
use super::elf::{self, debug, symbols};
use super::{DebugInfoOffset, files, look_up};

/// Kinds of entries: a unit, a function, a call that was inlined, a function that is described elsewhere, a description
/// that is elsewhere, a description, a function in several places, a unit with lines.
const UNIT: u8 = 1;
const FUNCTION: u8 = 2;
const INLINED: u8 = 3;
const INSTANCE: u8 = 4;
const REFERENCE: u8 = 5;
const DESCRIPTION: u8 = 6;
const SCATTERED: u8 = 7;
const UNIT_WITH_LINES: u8 = 8;

/// An attribute, and the form of its value, as the standard numbers them.
type Attribute = (u8, u8);

/// Each kind with its tag, whether it has children, and its attributes.
const FORMS: [(u8, u8, bool, &[Attribute]); 8] = [
    (UNIT, 0x11, true, &[LOW, HIGH]),
    (FUNCTION, 0x2e, true, &[LOW, HIGH, NAME]),
    (INLINED, 0x1d, true, &[LOW, HIGH, NAME]),
    (INSTANCE, 0x2e, false, &[LOW, HIGH, ORIGIN]),
    (REFERENCE, 0x2e, false, &[ORIGIN]),
    (DESCRIPTION, 0x2e, false, &[NAME]),
    (SCATTERED, 0x2e, false, &[(0x55, 0x17), NAME]),
    (UNIT_WITH_LINES, 0x11, true, &[LOW, HIGH, (0x10, 0x17)]),
];
const LOW: Attribute = (0x11, 0x01);
const HIGH: Attribute = (0x12, 0x07);
const NAME: Attribute = (0x03, 0x08);
const ORIGIN: Attribute = (0x31, 0x13);

const START: u64 = 0x1000;

/// A file that has code from [`START`] on, one function in its table of symbols, and these entries.
fn file(size: u64, ranges: Vec<u8>, entries: impl FnOnce(&mut Vec<u8>)) -> Image {
    let info = unit(|unit| {
        entry(unit, UNIT, &[START, size]);
        entries(unit);
    });
    of_debug(size, info, vec![debug(".debug_ranges", ranges)])
}

/// Such a file with that debug information.
fn of_debug(size: u64, info: Vec<u8>, more: Vec<elf::Section>) -> Image {
    let mut forms = Vec::new();
    for (kind, tag, has_children, attributes) in FORMS {
        forms.extend([kind, tag, u8::from(has_children)]);
        attributes.iter().for_each(|(attribute, form)| forms.extend([*attribute, *form]));
        forms.extend([0, 0]);
    }
    forms.push(0);
    let mut sections = Vec::from(symbols(&[("of_the_table", START, size)]));
    sections.extend([debug(".debug_info", info), debug(".debug_abbrev", forms)]);
    sections.extend(more);
    Image::of(elf::file(sections).0)
}

/// A unit with these entries.
fn unit(entries: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    // Version 4, the forms at 0, addresses of eight bytes.
    let mut unit = vec![4, 0, 0, 0, 0, 0, 8];
    entries(&mut unit);
    with_length(unit)
}

fn with_length(bytes: Vec<u8>) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_le_bytes(), &bytes[..]].concat()
}

fn entry(unit: &mut Vec<u8>, kind: u8, numbers: &[u64]) {
    unit.push(kind);
    numbers.iter().for_each(|number| unit.extend(number.to_le_bytes()));
}

fn named(unit: &mut Vec<u8>, kind: u8, numbers: &[u64], name: &str) {
    entry(unit, kind, numbers);
    unit.extend(name.bytes().chain([0]));
}

/// An entry that says where another one is, which is that far behind its own end.
fn referring(unit: &mut Vec<u8>, kind: u8, numbers: &[u64], beyond: usize) {
    entry(unit, kind, numbers);
    // The length of the unit stands before it.
    let end = 4 + unit.len() + 4;
    unit.extend(u32::try_from(end + beyond).unwrap().to_le_bytes());
}

fn names(image: &Image, addresses: &[u64]) -> Vec<String> {
    look_up(image, addresses).into_iter().map(|(_, name)| name).collect()
}

#[test]
fn a_function_and_what_was_inlined_into_it_are_found_innermost_first() {
    let image = file(64, Vec::new(), |unit| {
        named(unit, FUNCTION, &[START, 64], "outer");
        named(unit, INLINED, &[START + 16, 16], "inner");
    });
    assert_eq!(names(&image, &[START + 4]), ["outer"]);
    assert_eq!(names(&image, &[START + 24]), ["inner", "outer"]);
}

#[test]
fn a_name_is_so_many_references_away_at_most_and_a_circle_has_none() {
    let chain = |references: u8| {
        let image = file(64, Vec::new(), |unit| {
            referring(unit, INSTANCE, &[START, 64], 0);
            (1..references).for_each(|_| referring(unit, REFERENCE, &[], 0));
            named(unit, DESCRIPTION, &[], "far_away");
        });
        names(&image, &[START + 4])
    };
    assert_eq!((chain(1), chain(REFERENCES)), (vec!["far_away".to_owned()], vec!["far_away".to_owned()]));
    // The table of symbols has one, too.
    assert_eq!(chain(REFERENCES + 1), ["of_the_table"]);
    let circle = file(64, Vec::new(), |unit| {
        entry(unit, INSTANCE, &[START, 64]);
        let own = u32::try_from(4 + unit.len() - 17).unwrap();
        unit.extend(own.to_le_bytes());
    });
    assert_eq!(names(&circle, &[START + 4]), ["of_the_table"]);
}

#[test]
fn no_more_calls_are_kept_of_a_unit_than_their_bound() {
    const PLACES: u64 = 2_000;
    let image = file(PLACES, Vec::new(), |unit| {
        named(unit, FUNCTION, &[START, PLACES], "f");
        (0..200).for_each(|_| named(unit, INLINED, &[START, PLACES], "i"));
    });
    let addresses: Vec<u64> = (1..=PLACES).map(|number| START + number).collect();
    let found = names(&image, &addresses);
    assert!(found.len() <= CALLS && found.len() + PLACES as usize > CALLS, "{}", found.len());
}

#[test]
fn a_list_that_many_functions_share_ends_the_search_and_the_rest_has_the_names_of_its_symbols() {
    let list =
        |entries: u64| (0..2 * entries).flat_map(|number| ((1 << 20) + number).to_le_bytes()).collect();
    let image = file(64, list(20_000), |unit| {
        named(unit, FUNCTION, &[START, 32], "before");
        unit.push(0);
        for _ in 0..2_000 {
            unit.push(SCATTERED);
            unit.extend([0; 4]);
            unit.extend(b"f\0");
        }
        named(unit, FUNCTION, &[START + 32, 32], "behind");
    });
    assert_eq!(names(&image, &[START + 4, START + 40]), ["before", "of_the_table"]);
    assert!(!image.may_go_on(0), "it was read to its end");
}

#[test]
fn symbols_that_all_are_the_same_code_end_the_search() {
    let functions = vec![("f", START, 10_000); 20_000];
    let image = Image::of(elf::file(symbols(&functions).into()).0);
    let addresses: Vec<u64> = (1..=10_000).map(|number| START + number).collect();
    assert_eq!(names(&image, &addresses).len(), addresses.len());
    assert!(!image.may_go_on(0), "each was read at each place");
}

#[test]
fn no_more_names_are_kept_than_their_bound_and_those_that_follow_are_found() {
    const SIZE: u64 = 16;
    let count = NAMES as u64 + 5;
    let image = file(count * SIZE, Vec::new(), |unit| {
        for number in 0..count {
            referring(unit, INSTANCE, &[START + number * SIZE, SIZE], 0);
            named(unit, DESCRIPTION, &[], if number < count - 1 { "f" } else { "last" });
        }
    });
    let places: Vec<u64> = (0..count).map(|number| START + number * SIZE + 4).collect();
    let file = image.parse().unwrap();
    let dwarf = image.dwarf(&file);
    let units = Units::read(&dwarf, &image);
    let mut names = Names::new(&dwarf, &units, &image);
    let calls = names.calls(DebugInfoOffset(0), &places).unwrap();
    assert_eq!(calls.iter().map(Vec::len).sum::<usize>(), places.len());
    assert_eq!(calls.last().map(|calls| calls[0].function), Some(Some("last")));
    assert_eq!(names.known.len(), 5, "the first ones are forgotten all at once");
}

#[test]
fn units_beyond_their_bound_are_not_read() {
    let info = (0..MOST as u64 + 5).flat_map(|number| {
        unit(|unit| {
            entry(unit, UNIT, &[START + 64 * number, 32]);
            unit.push(0);
        })
    });
    let image = of_debug(64, info.collect(), Vec::new());
    let file = image.parse().unwrap();
    let units = Units::read(&image.dwarf(&file), &image);
    let is_known = |number: usize| units.at(START + 64 * number as u64).is_some();
    assert!(is_known(0) && is_known(MOST - 1) && !is_known(MOST));
}

/// The path of the code in a file whose name is that long.
fn path(length: usize) -> Option<String> {
    const CODE: u64 = 32;
    // Steps of one byte, lines from -5 to 8, thirteen operations and how many numbers each has; no folder.
    let mut header = vec![1, 1, 1, 251, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0];
    header.extend(std::iter::repeat_n(b'f', length).chain([0; 5]));
    let mut lines = [&[4, 0][..], &with_length(header)].concat();
    // Go to the code; a row; behind the code; the end.
    lines.extend([0, 9, 2].into_iter().chain(START.to_le_bytes()));
    lines.extend([1, 2, CODE as u8, 0, 1, 1]);
    let info = unit(|unit| {
        entry(unit, UNIT_WITH_LINES, &[START, CODE]);
        unit.extend([0; 4]);
        named(unit, FUNCTION, &[START, CODE], "f");
        unit.extend([0, 0]);
    });
    let image = of_debug(CODE, info, vec![debug(".debug_line", with_length(lines))]);
    files(&image, &[START + 4]).pop().unwrap()
}

#[test]
fn a_part_of_a_path_that_is_longer_than_its_bound_makes_no_path() {
    assert_eq!(path(PART).map(|path| path.len()), Some(PART));
    assert_eq!(path(PART + 1), None);
}
