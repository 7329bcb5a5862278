//! What a function's name says: its crate, its module, whether it is machinery.

use super::path::Path;

/// Crates whose frames say nothing about a failure when they stand above it.
const MACHINERY: [&str; 12] = [
    "alloc",
    "backtrace",
    "core",
    "sentry",
    "sentry_actix",
    "sentry_backtrace",
    "sentry_context",
    "sentry_core",
    "sentry_native",
    "sentry_panic",
    "std",
    "rust_begin_unwind",
];

/// Types without a crate of their own.
const PRIMITIVES: [&str; 17] = [
    "bool", "char", "str", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32",
    "u64", "u128", "usize",
];

/// Is this crate part of the reporting or panicking itself?
pub(super) fn is_machinery(krate: &str) -> bool {
    MACHINERY.contains(&krate) || krate.starts_with("__rust") || krate.starts_with("_rust")
}

/// Does this function read the clock, as loops do that watch their time? The kernel's has a prefix, and each library has
/// one of its own.
pub(super) fn reads_clock(function: &str) -> bool {
    function.starts_with("__vdso_") || function.ends_with("clock_gettime")
}

/// A function for people: the same under every mangling.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its path, without generic arguments and hashes.
    pub(crate) name: String,
    /// The crate that its code is in.
    pub(crate) krate: String,
}

impl Function {
    /// From its symbol and the file of its code.
    pub(crate) fn of(symbol: &str, file: Option<&str>) -> Self {
        let name = backtrace::SymbolName::new(symbol.as_bytes());
        Self::new(symbol, &format!("{name:#}"), file)
    }

    /// From its symbol, mangled and not, and the file of its code. The file says most: names may be bare, as those of
    /// inlined functions are, or begin with a type of another crate.
    pub(super) fn new(symbol: &str, demangled: &str, file: Option<&str>) -> Self {
        let path = Path::parse(demangled);
        let krate = match file.and_then(crate_of_file).or_else(|| crate_of_symbol(symbol)) {
            Some(krate) => krate,
            None if is_trait_code(symbol) => path.trait_crate().to_owned(),
            // Only the standard library has methods on these. Not all of its code has a file.
            None if PRIMITIVES.contains(&path.krate()) => "core".to_owned(),
            None => path.krate().to_owned(),
        };
        Self { name: path.description(&krate), krate }
    }
}

/// The module path of a plain function name such as `shop_api::domain::price::discount`.
pub(crate) fn module(function: &str) -> Option<String> {
    let path = function.trim_end_matches("::{{closure}}");
    if path.starts_with('<') {
        return None;
    }
    path.rsplit_once("::").map(|(module, _)| module.to_owned())
}

/// The standard library's own sources, as it is shipped or as it is built with a service; and crates of a registry.
fn crate_of_file(file: &str) -> Option<String> {
    if file.starts_with("/rustc/") || file.contains("/rustlib/src/rust/") {
        let (_, library) = file.split_once("/library/")?;
        return library.split('/').next().map(str::to_owned);
    }
    let (_, registry) = file.split_once("/registry/src/")?;
    let package = registry.split('/').nth(1)?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let is_version = |text: &str| {
        let mut numbers = text.split('.');
        numbers.next().is_some_and(is_number) && numbers.next().is_some_and(is_number)
    };
    let dash = package.match_indices('-').map(|(at, _)| at).find(|at| is_version(&package[at + 1..]))?;
    Some(package[..dash].replace('-', "_"))
}

/// Under `v0` a symbol says the crate of an `impl`, which the demangled name does not.
/// See the [grammar](https://doc.rust-lang.org/rustc/symbol-mangling/v0.html).
fn crate_of_symbol(symbol: &str) -> Option<String> {
    let path = without_nesting(symbol.strip_prefix("_R")?);
    let path = match path.strip_prefix(['X', 'M']) {
        Some(in_impl) => without_nesting(without_disambiguator(in_impl)),
        None => path,
    };
    let krate = without_disambiguator(path.strip_prefix('C')?);
    let digits = krate.find(|it: char| !it.is_ascii_digit())?;
    let length: usize = krate[..digits].parse().ok()?;
    let name = krate[digits..].strip_prefix('_').unwrap_or(&krate[digits..]);
    name.get(..length).map(str::to_owned)
}

/// A method that a trait itself has code for.
fn is_trait_code(symbol: &str) -> bool {
    symbol.strip_prefix("_R").is_some_and(|path| without_nesting(path).starts_with('Y'))
}

/// What functions, closures and shims are nested in.
fn without_nesting(mut path: &str) -> &str {
    loop {
        path = match path.as_bytes() {
            [b'I', ..] => &path[1..],
            [b'N', namespace, ..] if namespace.is_ascii_alphabetic() => &path[2..],
            _ => return path,
        };
    }
}

fn without_disambiguator(path: &str) -> &str {
    let number = path.strip_prefix('s').and_then(|path| path.split_once('_'));
    number
        .filter(|(number, _)| number.bytes().all(|it| it.is_ascii_alphanumeric()))
        .map_or(path, |(_, path)| path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;

    use backtrace::SymbolName;
    use object::{Object, ObjectSymbol};

    use super::*;

    fn function(symbol: &str, file: Option<&str>) -> Function {
        Function::new(symbol, &format!("{:#}", SymbolName::new(symbol.as_bytes())), file)
    }

    #[test]
    fn the_crate_is_found_in_every_form_of_name() {
        for (name, krate) in [
            ("shop_api::domain::price::discount", "shop_api"),
            ("<shop_api::Basket as core::fmt::Debug>::fmt", "shop_api"),
            ("<F as core::ops::function::FnOnce<()>>::call_once", "core"),
            ("<alloc::vec::Vec<T,A> as core::ops::index::Index<I>>::index", "alloc"),
            ("<alloc::vec::Vec<T,A> as shop_api::Orders>::place", "shop_api"),
            ("<&mut shop_api::X as core::future::Future>::poll", "shop_api"),
            ("core::fmt::num::<impl core::fmt::Debug for u32>::fmt", "core"),
            ("core::num::<impl u64>::unchecked_add::precondition_check", "core"),
            ("u64::unchecked_add::precondition_check", "core"),
            ("<usize>::pow", "core"),
            ("<str>::len", "core"),
            ("rust_begin_unwind", "rust_begin_unwind"),
        ] {
            assert_eq!(Function::new("", name, None).krate, krate, "{name}");
        }
    }

    #[test]
    fn the_file_tells_the_crate_of_the_standard_library_and_of_a_registrys_code() {
        for (name, file, krate) in [
            ("next<u64>", "/rustc/0a1b/library/core/src/iter/range.rs", "core"),
            (
                "<billing::E as core::convert::Into<F>>::into",
                "/home/a/.rustup/toolchains/nightly/lib/rustlib/src/rust/library/core/src/convert/mod.rs",
                "core",
            ),
            (
                "panic_handler",
                "/root/.rustup/toolchains/x/lib/rustlib/src/rust/library/std/src/panicking.rs",
                "std",
            ),
            (
                "<billing::E as actix_web::Responder>::respond",
                "/root/.cargo/registry/src/index.crates.io-1949cf8c/actix-web-4.18.1/src/a.rs",
                "actix_web",
            ),
            ("call<T>", "/c/registry/src/i/two-2-words-0.1.0-rc.1/src/a.rs", "two_2_words"),
            ("billing::crash", "billing/src/crash.rs", "billing"),
        ] {
            assert_eq!(Function::new("", name, Some(file)).krate, krate, "{file}");
        }
        let into = Function::new(
            "",
            "<billing::E as core::convert::Into<F>>::into",
            Some("/rustc/0/library/core/src/a.rs"),
        );
        assert_eq!(into.name, "core::convert::Into::into");
    }

    #[test]
    fn a_symbol_tells_the_crate_of_its_code() {
        for (symbol, name, krate) in [
            ("_RNvCs6_7___rustc17rust_begin_unwind", "__rustc::rust_begin_unwind", "__rustc"),
            (
                "_RNvXs_NtCs1_4core7convertNtCs2_7billing1EINtB4_4IntoNtB4_1FE4into",
                "core::convert::Into::into",
                "core",
            ),
            ("_RNCNvNtCs2_7billing5crash5crash0", "billing::crash::crash::{{closure}}", "billing"),
        ] {
            assert_eq!(function(symbol, None), Function { name: name.to_owned(), krate: krate.to_owned() });
        }
        for torn in ["_R", "_RNvX", "_RNvXs_", "_RNvC", "_RNvC99a", "_RNvCs_é", "_RC0", "_RN"] {
            function(torn, None);
        }
    }

    #[test]
    fn the_clock_is_known_by_its_name() {
        for (name, is_clock) in [
            ("__vdso_clock_gettime", true),
            ("__vdso_gettimeofday", true),
            ("clock_gettime", true),
            ("__GI___clock_gettime", true),
            ("nix::time::clock_gettime", true),
            ("memcpy", false),
            ("shop_api::domain::price::discount", false),
        ] {
            assert_eq!(reads_clock(&Function::new("", name, None).name), is_clock, "{name}");
        }
    }

    #[test]
    fn a_closure_belongs_to_its_functions_module() {
        assert_eq!(module("a::b::c::{{closure}}").as_deref(), Some("a::b"));
        assert_eq!(module("<a::B as c::D>::e"), None);
    }

    /// The functions of a crate, as the compiler names them.
    fn functions(mangling: &[&str]) -> BTreeSet<String> {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/names/prog.rs");
        let folder = std::env::temp_dir().join(format!("names-{}-{}", std::process::id(), mangling.len()));
        std::fs::create_dir_all(&folder).unwrap();
        let program = folder.join("prog.o");
        // The one that cargo finds on PATH.
        let compiled = Command::new("rustc")
            .args(["--edition", "2024", "--crate-name", "prog", "--emit", "obj", "-o"])
            .arg(&program)
            .arg(source)
            .args(mangling)
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let bytes = std::fs::read(&program).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        let object = object::File::parse(&*bytes).unwrap();
        let all = object
            .symbols()
            .filter(|it| it.kind() == object::SymbolKind::Text)
            .map(|it| it.name().unwrap().to_owned());
        let all = all.map(|symbol| function(&symbol, None));
        all.filter(|it| it.krate == "prog").map(|it| it.name).collect()
    }

    #[test]
    fn a_program_has_the_same_names_under_both_manglings() {
        let (default, v0) = (functions(&[]), functions(&["-C", "symbol-mangling-version=v0"]));
        assert_eq!(default, v0);
        for name in [
            "prog::generic::{{closure}}",
            "prog::domain::Generic::first",
            "<prog::domain::Plain as core::ops::drop::Drop>::drop",
        ] {
            assert!(v0.contains(name), "{name} in {v0:#?}");
        }
    }
}
