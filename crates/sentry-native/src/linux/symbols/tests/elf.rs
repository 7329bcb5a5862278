//! ELF files made of sections.

use std::ops::Range;

/// A section: its name, its type, and its bytes.
pub(super) struct Section {
    name: &'static str,
    kind: u32,
    /// The section that it is about, and the size of its entries.
    link: u32,
    entry: u64,
    bytes: Vec<u8>,
}

const HEADER: u64 = 64;
const PROGBITS: u32 = 1;
const SYMTAB: u32 = 2;
const STRTAB: u32 = 3;

pub(super) fn debug(name: &'static str, bytes: Vec<u8>) -> Section {
    Section { name, kind: PROGBITS, link: 0, entry: 0, bytes }
}

/// Two sections: functions with their starts and sizes, and their names. They are to be the first ones.
pub(super) fn symbols(functions: &[(&str, u64, u64)]) -> [Section; 2] {
    let (mut table, mut names) = (vec![0; 24], vec![0]);
    for (name, start, size) in functions {
        table.extend(u32::try_from(names.len()).unwrap().to_le_bytes());
        // A global function of a section that is not there.
        table.extend([0x12, 0, 1, 0]);
        table.extend([*start, *size].map(u64::to_le_bytes).concat());
        names.extend(name.bytes().chain([0]));
    }
    [
        Section { name: ".symtab", kind: SYMTAB, link: 2, entry: 24, bytes: table },
        Section { name: ".strtab", kind: STRTAB, link: 0, entry: 0, bytes: names },
    ]
}

/// A file of these sections, and where each of them is; the last two ranges are the headers of all and of the file.
pub(super) fn file(sections: Vec<Section>) -> (Vec<u8>, Vec<Range<usize>>) {
    let mut bytes = vec![0; HEADER as usize];
    let (mut names, mut places) = (vec![0_u8], Vec::new());
    let mut headers = vec![0_u8; HEADER as usize];
    let count = sections.len() + 2;
    let mut add = |section: &Section, bytes: &mut Vec<u8>| {
        let start = bytes.len();
        bytes.extend(&section.bytes);
        headers.extend(u32::try_from(names.len()).unwrap().to_le_bytes());
        names.extend(section.name.bytes().chain([0]));
        headers.extend(section.kind.to_le_bytes());
        headers.extend([0, 0, start as u64, section.bytes.len() as u64].map(u64::to_le_bytes).concat());
        headers.extend([section.link, 1].map(u32::to_le_bytes).concat());
        headers.extend([1, section.entry].map(u64::to_le_bytes).concat());
        start..bytes.len()
    };
    for section in &sections {
        places.push(add(section, &mut bytes));
    }
    let own = Section { name: ".shstrtab", kind: STRTAB, link: 0, entry: 0, bytes: Vec::new() };
    add(&own, &mut bytes);
    // Its size is the second to last but two of its numbers.
    let at = headers.len() - 32;
    headers[at..at + 8].copy_from_slice(&(names.len() as u64).to_le_bytes());
    bytes.extend(&names);
    let table = bytes.len();
    bytes.extend(&headers);
    places.push(table..bytes.len());
    let identity = [0x7f, b'E', b'L', b'F', 2, 1, 1];
    bytes[..7].copy_from_slice(&identity);
    // A shared library for x86-64.
    bytes[16..24].copy_from_slice(&[3, 0, 62, 0, 1, 0, 0, 0]);
    bytes[40..48].copy_from_slice(&(table as u64).to_le_bytes());
    let (count, last) = (count as u16, count as u16 - 1);
    let sizes = [64, 56, 0, 64, count, last];
    bytes[52..64].copy_from_slice(&sizes.map(u16::to_le_bytes).concat());
    places.push(0..HEADER as usize);
    (bytes, places)
}
