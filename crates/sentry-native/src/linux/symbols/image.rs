//! A mapped file of code. Its pages are released soon after they are read.

use std::cell::Cell;
use std::fs::File;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::ptr::{self, NonNull};

use gimli::{EndianSlice, LittleEndian};
use object::{CompressionFormat, Object, ObjectSection, ObjectSegment, ObjectSymbol, SymbolKind};

use super::{Information, within};
use crate::linux::stack::maps::{self, Module};

/// Places that are read until pages are given back: the system maps 64 KiB around each, so these are 0.8 MB.
const PLACES: usize = 12;

/// How many symbols count as one place that was read.
const SYMBOLS: usize = 2_048;

/// Steps that are taken through a file at a time, for each of its bytes: where nothing is read twice, it has fewer entries
/// and rows. A broken file may have many entries for the same code, or several for the same list.
const STEPS: usize = 4;

/// Steps that a file of any size has.
const FIRST_STEPS: usize = 1 << 20;

/// Which file it is, and since when it has been like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version([i64; 4]);

/// The bytes of a file, or of the vDSO, which the kernel maps.
pub(super) struct Image {
    bytes: Bytes,
    version: Version,
    read: Cell<usize>,
    steps_left: Cell<usize>,
}

enum Bytes {
    File(Mapping),
    Own(Vec<u8>),
}

impl Image {
    pub(super) fn open(module: &Module) -> Option<Self> {
        if module.is_kernels() {
            return Some(Self::of(maps::own_vdso()?));
        }
        let file = module.open()?;
        Some(Self::new(Bytes::File(Mapping::of(&file)?), version(&file)?))
    }

    /// That of bytes which nothing changes.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self::new(Bytes::Own(bytes), Version([0; 4]))
    }

    #[cfg(test)]
    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self.bytes {
            Bytes::Own(bytes) => bytes,
            Bytes::File(mapping) => mapping.bytes().to_vec(),
        }
    }

    fn new(bytes: Bytes, version: Version) -> Self {
        let image = Self { bytes, version, read: Cell::new(0), steps_left: Cell::new(FIRST_STEPS) };
        image.steps_left.set(image.steps_left.get() + STEPS * image.len());
        image
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    /// Takes so many steps. False if that are more than a sound file needs: what is found by then is all.
    pub(super) fn may_go_on(&self, steps: usize) -> bool {
        self.steps_left.set(self.steps_left.get().saturating_sub(steps));
        self.steps_left.get() > 0
    }

    pub(super) fn parse(&self) -> Option<object::File<'_>> {
        object::File::parse(&**self).ok()
    }

    /// Counts places that were read, and releases the pages after enough of them.
    pub(super) fn has_read(&self, places: usize) {
        self.read.set(self.read.get() + places);
        if self.read.get() >= PLACES {
            self.release();
        }
    }

    /// Releases the pages that were read so far. The system loads them again when they are needed.
    pub(super) fn release(&self) {
        self.read.set(0);
        if let Bytes::File(mapping) = &self.bytes {
            mapping.release();
        }
    }

    /// Whether the debug information is compressed.
    pub(super) fn is_compressed(file: &object::File<'_>) -> bool {
        let lines = file.section_by_name(".debug_line").and_then(|it| it.compressed_data().ok());
        lines.is_some_and(|data| data.format != CompressionFormat::None)
    }

    /// The debug information. Compressed sections count as absent: decompressed, they would take too much memory.
    pub(super) fn dwarf<'a>(&self, file: &object::File<'a>) -> Information<'a> {
        let content = |name: &str| {
            let data = file.section_by_name(name)?.compressed_data().ok()?;
            (data.format == CompressionFormat::None).then_some(data.data)
        };
        let section = |id: gimli::SectionId| {
            Ok::<_, std::convert::Infallible>(EndianSlice::new(
                content(id.name()).unwrap_or_default(),
                LittleEndian,
            ))
        };
        match Information::load(section) {
            Ok(dwarf) => dwarf,
            Err(never) => match never {},
        }
    }

    /// The names of the functions at the sorted places. Of several names of a function, one is returned.
    pub(super) fn symbols<'a>(&self, file: &object::File<'a>, places: &[u64]) -> Vec<Option<&'a str>> {
        let mut names = vec![None; places.len()];
        let is_stripped = file.symbols().next().is_none();
        let symbols = if is_stripped { file.dynamic_symbols() } else { file.symbols() };
        for (number, symbol) in symbols.enumerate() {
            self.has_read(usize::from(number % SYMBOLS == 0));
            let (start, size) = (symbol.address(), symbol.size());
            let within = within(places, start, start.saturating_add(size));
            if !self.may_go_on(1 + within.len()) {
                break;
            }
            if symbol.kind() != SymbolKind::Text || start == 0 {
                continue;
            }
            for place in within {
                names[place] = symbol.name().ok();
                self.has_read(1);
            }
        }
        self.release();
        names
    }
}

impl Deref for Image {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.bytes {
            Bytes::File(mapping) => mapping.bytes(),
            Bytes::Own(bytes) => bytes,
        }
    }
}

fn version(file: &File) -> Option<Version> {
    let metadata = file.metadata().ok()?;
    let (device, inode) = (metadata.dev().cast_signed(), metadata.ino().cast_signed());
    Some(Version([device, inode, metadata.mtime(), metadata.mtime_nsec()]))
}

/// The address that the file gives its first byte.
pub(super) fn base(file: &object::File<'_>) -> u64 {
    let lowest = file.segments().map(|segment| segment.address()).min();
    // Segments start at pages.
    lowest.unwrap_or_default() & !0xfff
}

/// A file in memory, as far as it is being read.
pub(super) struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

impl Mapping {
    fn of(file: &File) -> Option<Self> {
        let length = usize::try_from(file.metadata().ok()?.len()).ok().filter(|length| *length > 0)?;
        // SAFETY: a new mapping of a file that is open, at a place that the system chooses.
        let start = unsafe {
            libc::mmap(ptr::null_mut(), length, libc::PROT_READ, libc::MAP_PRIVATE, file.as_raw_fd(), 0)
        };
        let start = NonNull::new(start.cast()).filter(|_| start != libc::MAP_FAILED)?;
        Some(Self { start, length })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: that much is mapped readable until this is dropped. The system refuses to write to a program that
        // runs; whoever cuts a library short that is in use breaks its users with or without this.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    fn release(&self) {
        // SAFETY: pages of a file that nobody has written to, since they are mapped to be read: they come back with the
        // same bytes.
        unsafe { libc::madvise(self.start.as_ptr().cast(), self.length, libc::MADV_DONTNEED) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: what was mapped; whatever borrowed it has ended.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}
