//! The modules of a process: the program, its libraries, and the code that the kernel lends it.

use std::fs::{self, File};
use std::ops::{Deref, Range};
use std::path::PathBuf;

use framehop::ExplicitModuleSectionInfo;
use object::{Object, ObjectSection, ObjectSegment, ReadCache, ReadRef};

use super::program;

/// Where the kernel's own code is: it has a name instead of a file.
const VDSO: &str = "[vdso]";

/// The file of this program, whatever it is called.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// A mapped file with code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Module {
    pub(crate) path: String,
    /// Where its first byte is mapped.
    pub(crate) base: u64,
    pub(crate) range: Range<u64>,
}

/// The unwind tables of a module.
pub(crate) type Sections = ExplicitModuleSectionInfo<Bytes>;

/// The bytes of a table.
#[derive(Debug)]
pub(crate) enum Bytes {
    /// Of this program, where it is loaded: 2 MB and more, most of which nobody ever reads.
    Loaded(&'static [u8]),
    /// Of a library, which may be unloaded.
    Copied(Vec<u8>),
}

impl Default for Bytes {
    fn default() -> Self {
        Self::Loaded(&[])
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Loaded(bytes) => bytes,
            Self::Copied(bytes) => bytes,
        }
    }
}

impl Module {
    /// Does the kernel lend it?
    pub(crate) fn is_kernels(&self) -> bool {
        self.path == VDSO
    }

    fn is_this_program(&self) -> bool {
        program().is_some_and(|path| path.as_os_str() == self.path.as_str())
    }

    /// Its file; this program's own even where another file has its name by now.
    pub(crate) fn open(&self) -> Option<File> {
        File::open(if self.is_this_program() { THIS_PROGRAM } else { &self.path }).ok()
    }
}

/// What the file of this program is called, as the system says.
pub(crate) fn program() -> Option<PathBuf> {
    fs::read_link(THIS_PROGRAM).ok()
}

/// The modules of one process.
#[derive(Debug, Default)]
pub(crate) struct Maps(Vec<Module>);

impl Maps {
    /// Those of this process.
    pub(crate) fn own() -> Self {
        Self::parse(&fs::read_to_string("/proc/self/maps").unwrap_or_default())
    }

    /// Reads the text of `/proc/PID/maps`: `start-end permissions offset device inode path`.
    pub(crate) fn parse(text: &str) -> Self {
        // Each with whether it has code: a file may also be mapped to be read.
        let mut modules: Vec<(Module, bool)> = Vec::new();
        for Mapping { range, is_code, offset, path } in text.lines().filter_map(mapping) {
            if offset == 0 {
                modules.push((Module { path: path.to_owned(), base: range.start, range }, is_code));
            } else if let Some((module, has_code)) = modules.iter_mut().rev().find(|it| it.0.path == path) {
                module.range.end = range.end;
                *has_code |= is_code;
            }
        }
        Self(modules.into_iter().filter(|(_, has_code)| *has_code).map(|(module, _)| module).collect())
    }

    pub(crate) fn modules(&self) -> &[Module] {
        &self.0
    }

    /// The address in these maps that is what `address` is in `others`.
    pub(crate) fn translate(&self, address: u64, others: &Self) -> Option<u64> {
        let other = others.0.iter().find(|module| module.range.contains(&address))?;
        let own = self.0.iter().find(|module| module.path == other.path)?;
        (address - other.base).checked_add(own.base)
    }
}

/// A line of the maps.
struct Mapping<'a> {
    range: Range<u64>,
    is_code: bool,
    offset: u64,
    path: &'a str,
}

fn mapping(line: &str) -> Option<Mapping<'_>> {
    // The path may hold blanks, and stands behind padding.
    let fields: Vec<_> = line.splitn(6, ' ').collect();
    let [range, permissions, offset, _device, _inode, path] = fields[..] else { return None };
    let (start, end) = range.split_once('-')?;
    let hex = |text| u64::from_str_radix(text, 16).ok();
    let path = path.trim_start();
    let (range, offset) = (hex(start)?..hex(end)?, hex(offset)?);
    let is_code = permissions.contains('x');
    (path.starts_with('/') || path == VDSO).then_some(Mapping { range, is_code, offset, path })
}

/// The unwind tables of a module; `None` if its file is gone or no ELF file.
pub(crate) fn sections(module: &Module) -> Option<Sections> {
    if module.is_kernels() {
        return read(&*own_vdso()?, false);
    }
    read(&ReadCache::new(module.open()?), module.is_this_program())
}

/// The kernel lends every process the same code, at another address.
pub(crate) fn own_vdso() -> Option<Vec<u8>> {
    let own = Maps::own();
    let Module { range, .. } = own.modules().iter().find(|module| module.path == VDSO)?;
    let length = usize::try_from(range.end - range.start).ok()?;
    // SAFETY: the kernel maps these pages readable when the process starts and leaves them until it ends.
    Some(unsafe { std::slice::from_raw_parts(range.start as *const u8, length) }.to_vec())
}

fn read<'data>(data: impl ReadRef<'data>, is_loaded: bool) -> Option<Sections> {
    let file = object::File::parse(data).ok()?;
    let range = |name: &str| {
        let section = file.section_by_name(name)?;
        Some(section.address()..section.address() + section.size())
    };
    let content = |name: &str| {
        let loaded = || program::memory(range(name)?);
        let copied = || Some(file.section_by_name(name)?.uncompressed_data().ok()?.into_owned());
        let loaded = is_loaded.then(loaded).flatten().map(Bytes::Loaded);
        loaded.or_else(|| copied().map(Bytes::Copied))
    };
    let lowest = file.segments().map(|segment| segment.address()).min();
    Some(Sections {
        // Segments start at pages.
        base_svma: lowest.unwrap_or_default() & !0xfff,
        text_svma: range(".text"),
        eh_frame_svma: range(".eh_frame"),
        eh_frame: content(".eh_frame"),
        eh_frame_hdr_svma: range(".eh_frame_hdr"),
        eh_frame_hdr: content(".eh_frame_hdr"),
        got_svma: range(".got"),
        ..ExplicitModuleSectionInfo::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
55d0c0000000-55d0c0010000 r--p 00000000 fe:00 1234                       /srv/a program
55d0c0010000-55d0c0090000 r-xp 00010000 fe:00 1234                       /srv/a program
55d0c1000000-55d0c1021000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]
";

    #[test]
    fn modules_are_files_and_the_kernels_code() {
        let maps = Maps::parse(TEXT);
        let program = Module {
            path: "/srv/a program".to_owned(),
            base: 0x55d0_c000_0000,
            range: 0x55d0_c000_0000..0x55d0_c009_0000,
        };
        assert_eq!(maps.modules()[0], program);
        assert_eq!(
            maps.modules().iter().map(|it| it.path.as_str()).collect::<Vec<_>>(),
            ["/srv/a program", "[vdso]"]
        );
    }

    #[test]
    fn a_file_that_is_mapped_once_more_to_be_read_changes_nothing() {
        let read = |at: &str| format!("{at} r--p 00000000 fe:00 1234                       /srv/a program\n");
        for text in [
            read("100000-200000") + TEXT,
            TEXT.to_owned() + &read("7fff00000000-7fff00100000"),
            TEXT.replace("7f0000000000-", &(read("7e0000000000-7e0000100000") + "7f0000000000-")),
        ] {
            assert_eq!(Maps::parse(&text).modules(), Maps::parse(TEXT).modules());
        }
    }

    #[test]
    fn an_address_is_found_again_where_the_module_is_elsewhere() {
        let here = Maps::parse(&TEXT.replace("55d0c", "66d0c"));
        assert_eq!(here.translate(0x55d0_c001_0020, &Maps::parse(TEXT)), Some(0x66d0_c001_0020));
        assert_eq!(here.translate(0x1000, &Maps::parse(TEXT)), None);
    }

    #[test]
    fn tables_of_this_program_are_read_where_they_are_loaded() {
        let maps = Maps::own();
        let tables = |is_this_program| {
            let module = maps.modules().iter().find(|it| it.is_this_program() == is_this_program);
            sections(module.unwrap()).unwrap()
        };
        let own = tables(true);
        assert!(matches!((own.eh_frame, own.eh_frame_hdr), (Some(Bytes::Loaded(_)), Some(Bytes::Loaded(_)))));
        assert!(matches!(tables(false).eh_frame, Some(Bytes::Copied(_))));
    }

    #[test]
    fn lines_that_are_no_mappings_are_passed_over() {
        assert!(Maps::parse("\nnonsense\n1-2 r--p x y z /a\nffff-zzzz r-xp 0 0 0 /b\n").modules().is_empty());
    }
}
