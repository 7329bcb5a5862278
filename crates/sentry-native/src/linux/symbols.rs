//! Names of addresses of this process in little memory.
//!
//! [`backtrace`] keeps the debug information of a binary in memory: 60 MB and more. It opens the binary by its path, and finds
//! nothing where another build has replaced the file. This module maps the file that runs, reads it once from front to
//! back for all addresses, and releases the pages behind it. It keeps only the index of the units: which unit of the debug
//! information describes which code.

mod functions;
mod image;
mod lines;
mod units;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;

use gimli::{DebugInfoOffset, Dwarf, EndianSlice, LittleEndian};
use sentry_context::platform::{Code, Resolve};

use super::stack::maps::{self, Maps, Module};
use functions::{Call, Names};
use image::{Image, Version};
use units::Units;

/// Both processors that are supported are little-endian.
type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// Whether the debug information of this program is compressed: then names come without lines here.
pub(crate) fn are_compressed() -> bool {
    let maps = Maps::own();
    let Some(image) = maps.modules().first().and_then(Image::open) else { return false };
    image.parse().is_some_and(|file| Image::is_compressed(&file))
}

/// Whether the file of this program has lost its name, to another one or to none.
pub(crate) fn are_replaced() -> bool {
    // As the kernel marks it.
    maps::program().is_some_and(|path| path.as_os_str().as_bytes().ends_with(b" (deleted)"))
}

/// What is known of the files of this process, as long as they are loaded.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    files: HashMap<String, (Version, Units)>,
}

impl Resolve for Resolver {
    fn resolve(&mut self, addresses: &[u64], found: &mut dyn FnMut(u64, Code<'_>) -> bool) {
        let maps = Maps::own();
        self.files.retain(|path, _| maps.modules().iter().any(|module| module.path == *path));
        for module in maps.modules() {
            let within = &addresses[within(addresses, module.range.start, module.range.end)];
            if !within.is_empty() && !self.resolve_in(module, within, found).unwrap_or(true) {
                return;
            }
        }
    }
}

impl Resolver {
    /// Returns false if the caller wants no further names, and `None` if the module cannot be read.
    fn resolve_in(
        &mut self,
        module: &Module,
        addresses: &[u64],
        found: &mut dyn FnMut(u64, Code<'_>) -> bool,
    ) -> Option<bool> {
        let image = Image::open(module)?;
        let file = image.parse()?;
        let dwarf = image.dwarf(&file);
        let version = image.version();
        let known = self.files.entry(module.path.clone());
        let known = known.or_insert_with(|| (version, Units::read(&dwarf, &image)));
        if known.0 != version {
            *known = (version, Units::read(&dwarf, &image));
        }
        // Where the code is in the file.
        let bias = module.base.wrapping_sub(image::base(&file));
        Some(resolve(&image, &file, &dwarf, &known.1, (bias, addresses), found))
    }
}

/// Says what is known of addresses, which are that far from where the file says. False if nobody wants to know any
/// more.
fn resolve(
    image: &Image,
    file: &object::File<'_>,
    dwarf: &Information<'_>,
    units: &Units,
    (bias, addresses): (u64, &[u64]),
    found: &mut dyn FnMut(u64, Code<'_>) -> bool,
) -> bool {
    // One byte before the return addresses.
    let places: Vec<u64> =
        addresses.iter().map(|address| address.wrapping_sub(bias).wrapping_sub(1)).collect();
    let symbols = image.symbols(file, &places);
    let mut names = Names::new(dwarf, units, image);
    let mut by_unit: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (number, place) in places.iter().enumerate() {
        by_unit.entry(units.at(*place).map(|unit| unit.0)).or_default().push(number);
    }
    for (unit, numbers) in by_unit {
        let places: Vec<u64> = numbers.iter().map(|number| places[*number]).collect();
        let calls = unit.and_then(|unit| names.calls(DebugInfoOffset(unit), &places).ok());
        let mut calls = calls.unwrap_or_default().into_iter();
        for number in numbers {
            let calls = calls.next().unwrap_or_default();
            image.has_read(calls.len().max(1));
            if !tell(addresses[number], &calls, symbols[number], found) {
                return false;
            }
        }
        image.release();
    }
    true
}

/// Passes on what is known of an address: its calls, innermost first, or the symbol that contains it.
fn tell(
    address: u64,
    calls: &[Call<'_>],
    symbol: Option<&str>,
    found: &mut dyn FnMut(u64, Code<'_>) -> bool,
) -> bool {
    let mut go_on = true;
    for call in calls.iter().rev() {
        let name = call.function.or(symbol).unwrap_or_default();
        let (line, column) = (call.line, call.column);
        go_on &= found(address, Code { symbol: name, file: call.file.as_deref(), line, column });
    }
    match symbol.filter(|_| calls.is_empty()) {
        Some(symbol) => found(address, Code { symbol, file: None, line: None, column: None }),
        None => go_on,
    }
}

/// The range of the sorted addresses that lie in `start..end`.
fn within(addresses: &[u64], start: u64, end: u64) -> Range<usize> {
    let first = addresses.partition_point(|address| *address < start);
    first..first + addresses[first..].partition_point(|address| *address < end)
}

/// The debug information of a file, as [`Units`] and [`Names`] read it.
type Information<'a> = Dwarf<Reader<'a>>;

#[cfg(test)]
mod tests;
