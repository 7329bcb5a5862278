//! The functions at an address: the compiled function, and those that were inlined into it.

use std::collections::HashMap;

use gimli::{
    Abbreviation, AttributeValue, DebugInfoOffset, DwAt, EntriesRaw, Unit, UnitOffset, UnitRef, constants,
};

use super::image::Image;
use super::lines::{self, Place};
use super::units::Units;
use super::{Information, Reader, within};

/// How many entries count as one place that was read.
const ENTRIES: usize = 4_096;

/// Calls that are kept of a unit, at all places together: those of a large program are some ten thousand.
pub(super) const CALLS: usize = 250_000;

/// Names that are kept at a time.
pub(super) const NAMES: usize = 100_000;

/// Steps that a reference to another unit is worth: the forms of its entries are read.
const UNIT_STEPS: usize = 256;

/// Most references that are followed to find a name: a damaged file may contain a cycle.
pub(super) const REFERENCES: u8 = 16;

/// A function, and where in it the code is.
#[derive(Debug, Clone, Default)]
pub(super) struct Call<'a> {
    pub(super) function: Option<&'a str>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    /// Where the caller contains the inlined call.
    from: Option<Place>,
}

/// Finds calls, and names of functions by their places in the debug information.
pub(super) struct Names<'d, 'a> {
    dwarf: &'d Information<'a>,
    units: &'d Units,
    image: &'d Image,
    pub(super) known: HashMap<DebugInfoOffset, Option<Reader<'a>>>,
}

/// What an entry says about a function.
#[derive(Default)]
struct Function<'a> {
    start: Option<AttributeValue<Reader<'a>>>,
    end: Option<AttributeValue<Reader<'a>>>,
    ranges: Option<AttributeValue<Reader<'a>>>,
    name: Name<'a>,
    call: Place,
}

#[derive(Default)]
struct Name<'a> {
    /// The name for the linker, and the one in the source.
    linkage: Option<AttributeValue<Reader<'a>>>,
    plain: Option<AttributeValue<Reader<'a>>>,
    /// The entry that has the name.
    elsewhere: Option<AttributeValue<Reader<'a>>>,
}

impl<'d, 'a> Names<'d, 'a> {
    pub(super) fn new(dwarf: &'d Information<'a>, units: &'d Units, image: &'d Image) -> Self {
        Self { dwarf, units, image, known: HashMap::new() }
    }

    /// The calls at each place, outermost first. The places are sorted and belong to this unit.
    pub(super) fn calls(
        &mut self,
        unit: DebugInfoOffset,
        places: &[u64],
    ) -> gimli::Result<Vec<Vec<Call<'a>>>> {
        let unit = self.dwarf.unit(self.dwarf.unit_header(unit)?)?;
        let unit = unit.unit_ref(self.dwarf);
        let mut calls = self.functions(unit, places)?;
        let lines = lines::of(unit, places, self.image).unwrap_or_else(|_| vec![None; places.len()]);
        let header = unit.line_program.as_ref().map(|program| program.header());
        for (calls, line) in calls.iter_mut().zip(lines) {
            // A unit may have line tables alone.
            if calls.is_empty() && line.is_some() {
                calls.push(Call::default());
            }
            // A call is located where the next inner one was inlined; the innermost one, at the code itself.
            let mut at = line;
            for call in calls.iter_mut().rev() {
                call.file = at.zip(header).and_then(|(at, header)| lines::path(unit, header, at.file));
                call.line = at.map(|at| at.line).filter(|line| *line > 0);
                call.column = at.map(|at| at.column).filter(|column| *column > 0);
                at = call.from;
            }
        }
        Ok(calls)
    }

    fn functions(
        &mut self,
        unit: UnitRef<'_, Reader<'a>>,
        places: &[u64],
    ) -> gimli::Result<Vec<Vec<Call<'a>>>> {
        let image = self.image;
        let mut calls = vec![Vec::new(); places.len()];
        let mut entries = unit.entries_raw(None)?;
        let (mut count, mut is_wanted, mut room) = (0_usize, false, CALLS);
        while !entries.is_empty() && image.may_go_on(1) {
            count += 1;
            image.has_read(usize::from(count % ENTRIES == 0));
            let Some(kind) = entries.read_abbreviation()? else { continue };
            let is_function = kind.tag() == constants::DW_TAG_subprogram;
            let is_inlined = is_wanted && kind.tag() == constants::DW_TAG_inlined_subroutine;
            if !is_function && !is_inlined {
                entries.skip_attributes(kind.attributes())?;
                continue;
            }
            let function = Function::read(&mut entries, kind)?;
            let within = function.within(unit, places, image)?;
            if is_function {
                is_wanted = !within.is_empty();
            }
            if within.is_empty() {
                continue;
            }
            image.has_read(1);
            let name = self.name(unit, &function.name, REFERENCES).and_then(|name| name.to_string().ok());
            for place in within {
                if is_function {
                    room += calls[place].len();
                    calls[place].clear();
                }
                let Some(left) = room.checked_sub(1) else { break };
                room = left;
                calls[place].push(Call { function: name, from: Some(function.call), ..Call::default() });
            }
        }
        Ok(calls)
    }

    fn name(&mut self, unit: UnitRef<'_, Reader<'a>>, name: &Name<'a>, left: u8) -> Option<Reader<'a>> {
        let own = |value: Option<AttributeValue<Reader<'a>>>| unit.attr_string(value?).ok();
        own(name.linkage).or_else(|| own(name.plain)).or_else(|| match name.elsewhere? {
            AttributeValue::UnitRef(offset) => {
                let place = offset.to_debug_info_offset(&unit.header)?;
                self.name_at(place, left, |names, left| names.name_of(unit, offset, left))
            }
            AttributeValue::DebugInfoRef(place) => self.name_at(place, left, |names, left| {
                names.image.may_go_on(UNIT_STEPS);
                let header = names.dwarf.unit_header(names.units.with(place)?).ok()?;
                let other: Unit<Reader<'a>> = names.dwarf.unit(header).ok()?;
                let offset = place.to_unit_offset(&other.header)?;
                names.name_of(other.unit_ref(names.dwarf), offset, left)
            }),
            _ => None,
        })
    }

    fn name_at(
        &mut self,
        place: DebugInfoOffset,
        left: u8,
        find: impl FnOnce(&mut Self, u8) -> Option<Reader<'a>>,
    ) -> Option<Reader<'a>> {
        if let Some(known) = self.known.get(&place) {
            return *known;
        }
        let left = left.checked_sub(1).filter(|_| self.image.may_go_on(1));
        let name = left.and_then(|left| find(self, left));
        if self.known.len() >= NAMES {
            self.known.clear();
        }
        self.known.insert(place, name);
        name
    }

    fn name_of(&mut self, unit: UnitRef<'_, Reader<'a>>, offset: UnitOffset, left: u8) -> Option<Reader<'a>> {
        let mut entries = unit.entries_raw(Some(offset)).ok()?;
        let kind = entries.read_abbreviation().ok()??;
        let function = Function::read(&mut entries, kind).ok()?;
        self.name(unit, &function.name, left)
    }
}

impl<'a> Function<'a> {
    fn read(entries: &mut EntriesRaw<'_, Reader<'a>>, kind: &Abbreviation) -> gimli::Result<Self> {
        let mut function = Self::default();
        for specification in kind.attributes() {
            let attribute = entries.read_attribute(*specification)?;
            function.set(attribute.name(), attribute.value());
        }
        Ok(function)
    }

    fn set(&mut self, what: DwAt, value: AttributeValue<Reader<'a>>) {
        match what {
            constants::DW_AT_linkage_name | constants::DW_AT_MIPS_linkage_name => {
                self.name.linkage = Some(value)
            }
            constants::DW_AT_name => self.name.plain = Some(value),
            constants::DW_AT_abstract_origin | constants::DW_AT_specification => {
                self.name.elsewhere = Some(value);
            }
            _ => self.set_place(what, value),
        }
    }

    fn set_place(&mut self, what: DwAt, value: AttributeValue<Reader<'a>>) {
        match (what, value) {
            (constants::DW_AT_low_pc, start) => self.start = Some(start),
            (constants::DW_AT_high_pc, end) => self.end = Some(end),
            (constants::DW_AT_ranges, ranges) => self.ranges = Some(ranges),
            (constants::DW_AT_call_file, AttributeValue::FileIndex(file)) => self.call.file = file,
            (constants::DW_AT_call_line, line) => self.call.line = number(&line),
            (constants::DW_AT_call_column, column) => self.call.column = number(&column),
            _ => {}
        }
    }

    /// Which of the places are its code.
    fn within(
        &self,
        unit: UnitRef<'_, Reader<'a>>,
        places: &[u64],
        image: &Image,
    ) -> gimli::Result<Vec<usize>> {
        let mut found = Vec::new();
        let mut add = |start, end| {
            let within = within(places, start, end);
            let may_go_on = image.may_go_on(1 + within.len());
            // Code that the linker removed has the address 0.
            if start > 0 && may_go_on {
                found.extend(within);
            }
            may_go_on
        };
        if let Some(ranges) = self.ranges {
            let Some(mut ranges) = unit.attr_ranges(ranges)? else { return Ok(found) };
            while let Some(gimli::Range { begin, end }) = ranges.next()?
                && add(begin, end)
            {}
        } else if let (Some(start), Some(end)) = (self.start, self.end)
            && let Some(start) = unit.attr_address(start)?
        {
            let end = match end {
                AttributeValue::Udata(size) => start.checked_add(size),
                address => unit.attr_address(address)?,
            };
            add(start, end.unwrap_or(start));
        }
        Ok(found)
    }
}

/// A line or a column; zero if there is none.
fn number(value: &AttributeValue<Reader<'_>>) -> u32 {
    value.udata_value().and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}
