//! What a function's name tells: its crate, its module, whether it is machinery.

/// Crates whose frames tell nothing about a failure when they stand above it.
const MACHINERY: [&str; 11] = [
    "alloc",
    "backtrace",
    "core",
    "sentry",
    "sentry_actix",
    "sentry_backtrace",
    "sentry_context",
    "sentry_core",
    "sentry_panic",
    "std",
    "rust_begin_unwind",
];

/// Is this crate part of the reporting or panicking itself?
pub(super) fn is_machinery(krate: &str) -> bool {
    MACHINERY.contains(&krate) || krate.starts_with("__rust") || krate.starts_with("_rust")
}

/// The function's name for people: `{{closure}}` and generics stay, hashes are gone already.
pub(super) fn clean(name: &str) -> String {
    name.replace("::{{closure}}::{{closure}}", "::{{closure}}")
}

/// The module path of a plain function name such as `game_engine::domain::paytable::multiplier`.
pub(super) fn module(function: &str) -> Option<String> {
    let path = function.trim_end_matches("::{{closure}}");
    if path.starts_with('<') {
        return None;
    }
    path.rsplit_once("::").map(|(module, _)| module.to_owned())
}

/// The crate that a function belongs to: `<T as a::B>::c` belongs to `T`'s crate, or to `a` where `T` has none.
/// Code of the standard library is known by its file, `/rustc/HASH/library/core/src/…`: its names may be bare, as
/// those of inlined functions are, or begin with a type of another crate.
pub(super) fn krate<'a>(function: &'a str, file: Option<&'a str>) -> &'a str {
    if let Some((_, library)) =
        file.filter(|file| file.starts_with("/rustc/")).and_then(|file| file.split_once("/library/"))
    {
        return library.split('/').next().unwrap_or_default();
    }
    let path = function.trim_start_matches(['<', '&', '*', '(', '[']);
    let path = path.trim_start_matches("mut ").trim_start_matches("dyn ");
    let first = path.split_once("::").map_or(path, |(first, _)| first);
    first.rsplit_once(" as ").map_or(first, |(_, implemented)| implemented)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_is_found_in_every_form_of_name() {
        assert_eq!(krate("game_engine::domain::paytable::multiplier", None), "game_engine");
        assert_eq!(krate("<game_engine::Reels as core::fmt::Debug>::fmt", None), "game_engine");
        assert_eq!(krate("<F as core::ops::function::FnOnce<()>>::call_once", None), "core");
        assert_eq!(krate("<alloc::vec::Vec<T,A> as core::ops::index::Index<I>>::index", None), "alloc");
        assert_eq!(krate("<&mut game_engine::X as core::future::Future>::poll", None), "game_engine");
        assert_eq!(krate("rust_begin_unwind", None), "rust_begin_unwind");
        assert_eq!(krate("next<u64>", Some("/rustc/0a1b/library/core/src/iter/range.rs")), "core");
    }

    #[test]
    fn a_closure_belongs_to_its_functions_module() {
        assert_eq!(module("a::b::c::{{closure}}").as_deref(), Some("a::b"));
        assert_eq!(module("<a::B as c::D>::e"), None);
    }
}
