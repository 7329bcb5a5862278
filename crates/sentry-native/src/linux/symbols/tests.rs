use std::collections::BTreeMap;
use std::ffi::c_void;

use super::*;

mod bounds;
mod elf;
mod fuzz;

/// The names at addresses in a file that is where it says.
fn look_up(image: &Image, addresses: &[u64]) -> Vec<(u64, String)> {
    let mut names = Vec::new();
    read(image, addresses, |address, code| names.push((address, code.symbol.to_owned())));
    names
}

/// The paths of the code at addresses.
fn files(image: &Image, addresses: &[u64]) -> Vec<Option<String>> {
    let mut files = Vec::new();
    read(image, addresses, |_, code| files.push(code.file.map(str::to_owned)));
    files
}

fn read(image: &Image, addresses: &[u64], mut found: impl FnMut(u64, Code<'_>)) {
    let Some(file) = image.parse() else { return };
    let dwarf = image.dwarf(&file);
    let units = Units::read(&dwarf, image);
    let bias = image::base(&file);
    resolve(image, &file, &dwarf, &units, (bias, addresses), &mut |address, code| {
        found(address, code);
        true
    });
}

/// What is at an address: symbols, files, lines and columns, innermost first.
type Found = Vec<(String, Option<String>, [Option<u32>; 2])>;

/// As the tables of `backtrace` have it.
fn expected(address: u64) -> Found {
    let mut found = Found::new();
    backtrace::resolve(address as *mut c_void, |symbol| {
        let Some(name) = symbol.name() else { return };
        let file = symbol.filename().map(|path| path.to_string_lossy().into_owned());
        let numbers = [symbol.lineno(), symbol.colno().filter(|column| *column > 0)];
        found.push((name.as_str().unwrap_or_default().to_owned(), file, numbers));
    });
    found
}

fn resolved(resolver: &mut Resolver, addresses: &[u64]) -> BTreeMap<u64, Found> {
    let mut found: BTreeMap<u64, Found> = BTreeMap::new();
    resolver.resolve(addresses, &mut |address, code| {
        let file = code.file.map(str::to_owned);
        let numbers = [code.line, code.column];
        // `backtrace` leaves out what the compiler adds to names that several units would share.
        let symbol = code.symbol.split(".llvm.").next().unwrap_or_default();
        found.entry(address).or_default().push((symbol.to_owned(), file, numbers));
        true
    });
    found
}

/// Addresses all over the code of this program.
fn addresses(count: u64) -> Vec<u64> {
    let maps = Maps::own();
    let program = &maps.modules()[0];
    let image = Image::open(program).unwrap();
    let file = image.parse().unwrap();
    let text = object::Object::section_by_name(&file, ".text").unwrap();
    let (start, size) = (object::ObjectSection::address(&text), object::ObjectSection::size(&text));
    let bias = program.base - image::base(&file);
    (0..count).map(|number| bias + start + number * (size / count)).collect()
}

#[test]
fn code_has_the_names_lines_and_columns_that_backtrace_finds() {
    let addresses = addresses(3_000);
    let found = resolved(&mut Resolver::default(), &addresses);
    let mut differing = Vec::new();
    for address in &addresses {
        let (mut found, expected) = (found.get(address).cloned().unwrap_or_default(), expected(*address));
        // An instruction of the compiler's own has no line there, and that of the code before it here.
        for (ours, theirs) in found.iter_mut().zip(&expected).filter(|(_, (_, _, [line, _]))| line.is_none())
        {
            (ours.1, ours.2) = (theirs.1.clone(), theirs.2);
        }
        // Those tables count the padding behind a function to it.
        if found != expected && !(found.is_empty() && expected.iter().all(|(_, file, _)| file.is_none())) {
            differing.push(format!("{address:x}: {found:#?} instead of {expected:#?}"));
        }
    }
    assert!(differing.is_empty(), "{} differ, such as {}", differing.len(), differing[0]);
}

#[test]
fn a_library_without_debug_information_has_the_names_of_its_functions() {
    let dynamic = libc::getpid as *const () as u64 + 1;
    let found = resolved(&mut Resolver::default(), &[dynamic]);
    assert!(
        found[&dynamic].iter().any(|(name, file, _)| name.ends_with("getpid") && file.is_none()),
        "{found:?}"
    );
}

#[test]
fn what_is_no_code_is_passed_over() {
    let mut resolver = Resolver::default();
    let heap = Box::new(7_u64);
    let mut addresses = [0, 1, std::ptr::from_ref(&*heap) as u64, u64::MAX];
    addresses.sort_unstable();
    assert_eq!(resolved(&mut resolver, &addresses), BTreeMap::new());
    assert_eq!(resolved(&mut resolver, &[]), BTreeMap::new());
}

#[test]
fn nothing_is_looked_up_once_nobody_wants_to_know() {
    let mut count = 0;
    Resolver::default().resolve(&addresses(100), &mut |_, _| {
        count += 1;
        false
    });
    // The calls at one address come together.
    assert!((1..50).contains(&count), "{count}");
}
