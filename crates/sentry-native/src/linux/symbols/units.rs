//! Which unit of the debug information describes which code.

use gimli::{DebugInfoOffset, UnitHeader};

use super::image::Image;
use super::{Information, Reader};

/// Most ranges of code that are kept, and most units: 2 MB. What is beyond has the names of its symbols, without lines.
pub(super) const MOST: usize = 100_000;

/// Padding between two functions of a unit, at most; no other function fits in.
const PADDING: u64 = 16;

/// Places that are read of a unit: itself, the forms of its entries, its folder, its lines, its ranges.
const PLACES: usize = 5;

/// The units of a file.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// By their starts.
    ranges: Vec<Range>,
    /// Where the units begin.
    offsets: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Range {
    start: u64,
    length: u32,
    unit: u32,
}

impl Units {
    pub(super) fn read(dwarf: &Information<'_>, image: &Image) -> Self {
        let mut units = Self::default();
        let mut headers = dwarf.units();
        while let Ok(Some(header)) = headers.next() {
            image.has_read(PLACES);
            let is_full = units.ranges.len() >= MOST || units.offsets.len() >= MOST;
            if is_full || !image.may_go_on(1) || units.add(dwarf, header, image).is_none() {
                break;
            }
        }
        units.ranges.sort_unstable_by_key(|range| range.start);
        units.ranges.shrink_to_fit();
        image.release();
        units
    }

    /// `None` if its numbers do not fit.
    fn add(&mut self, dwarf: &Information<'_>, header: UnitHeader<Reader<'_>>, image: &Image) -> Option<()> {
        let unit = u32::try_from(header.debug_info_offset()?.0).ok()?;
        self.offsets.push(unit);
        let mut ranges = dwarf.unit(header).and_then(|unit| dwarf.unit_ranges(&unit)).ok();
        while let Some(Ok(Some(gimli::Range { begin, end }))) = ranges.as_mut().map(|ranges| ranges.next()) {
            if !image.may_go_on(1) {
                return None;
            }
            // Code that the linker removed has the address 0.
            if begin > 0 && begin < end {
                self.add_range(begin, end, unit);
            }
        }
        Some(())
    }

    fn add_range(&mut self, start: u64, end: u64, unit: u32) {
        if let Some(before) = self.ranges.last_mut().filter(|before| before.unit == unit) {
            let gap = start.checked_sub(before.start.saturating_add(before.length.into()));
            if gap.is_some_and(|gap| gap < PADDING)
                && let Ok(length) = u32::try_from(end - before.start)
            {
                before.length = length;
                return;
            }
        }
        if let Ok(length) = u32::try_from(end - start)
            && self.ranges.len() < MOST
        {
            self.ranges.push(Range { start, length, unit });
        }
    }

    /// The unit that describes the code at that place.
    pub(super) fn at(&self, place: u64) -> Option<DebugInfoOffset> {
        let after = self.ranges.partition_point(|range| range.start <= place);
        let range = self.ranges.get(after.checked_sub(1)?)?;
        (place - range.start < u64::from(range.length)).then_some(DebugInfoOffset(range.unit as usize))
    }

    /// The unit that has that part of the debug information.
    pub(super) fn with(&self, offset: DebugInfoOffset) -> Option<DebugInfoOffset> {
        let after = self.offsets.partition_point(|unit| *unit as usize <= offset.0);
        self.offsets.get(after.checked_sub(1)?).map(|unit| DebugInfoOffset(*unit as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_beyond_their_bound_are_left_out() {
        let mut units = Units::default();
        (0..MOST as u64 + 5).for_each(|number| units.add_range(100 * number + 1, 100 * number + 51, 0));
        assert_eq!(units.ranges.len(), MOST);
        assert!(units.at(100 * (MOST as u64 - 1) + 7).is_some());
        assert_eq!(units.at(100 * MOST as u64 + 7), None);
    }

    #[test]
    fn code_of_one_unit_is_one_range_across_padding_alone() {
        let mut units = Units { offsets: vec![0, 100], ..Units::default() };
        for (start, end, unit) in [(16, 40, 0), (48, 64, 0), (64, 80, 100), (96, 112, 0), (200, 210, 0)] {
            units.add_range(start, end, unit);
        }
        assert_eq!(units.ranges.len(), 4);
        let at = |place| units.at(place).map(|unit| unit.0);
        assert_eq!([at(15), at(16), at(44), at(63)], [None, Some(0), Some(0), Some(0)]);
        assert_eq!(
            [at(64), at(79), at(80), at(96), at(209), at(210)],
            [Some(100), Some(100), None, Some(0), Some(0), None]
        );
        let with = |offset| units.with(DebugInfoOffset(offset)).map(|unit| unit.0);
        assert_eq!([with(0), with(99), with(100), with(5_000)], [Some(0), Some(0), Some(100), Some(100)]);
        assert_eq!(Units::default().with(DebugInfoOffset(7)), None);
    }
}
