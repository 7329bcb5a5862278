//! Panics that nobody has caught yet, and that may abort the process.
//!
//! A panic while the thread already unwinds, and one where nothing may unwind, end the process at once: no event of
//! theirs is ever delivered. The hook still runs. It keeps each panic until somebody has caught it. Once another one
//! begins on the same thread, or one that cannot be caught, the [platform](crate::platform) records them all, and the
//! next run reports them.

use std::cell::RefCell;
use std::panic::Location;

use crate::frames::Origin;
use crate::platform::{self, Panic};
use crate::{redaction, size};

thread_local! {
    static IN_FLIGHT: RefCell<Vec<Panic>> = const { RefCell::new(Vec::new()) };
}

/// What becomes of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    /// It goes on, if somebody catches the panic.
    Open,
    /// It aborts, and its next run reports why.
    Recorded,
    /// It aborts, and nobody will report it.
    Unrecorded,
}

/// For the hook, first of all.
pub(super) fn note(text: &str, place: Option<&Location<'_>>, origin: &Origin) -> Outlook {
    let panic = Panic {
        // A secret must be seen whole to be known as one.
        text: cut(text, Panic::TEXT + size::WINDOW).to_owned(),
        place: cut(&place.map(ToString::to_string).unwrap_or_default(), Panic::PLACE).to_owned(),
        addresses: origin.addresses().iter().copied().take(Panic::DEPTH).collect(),
    };
    let (fatal, mut panic) = (panic.is_fatal(), Some(panic));
    let in_flight = IN_FLIGHT.try_with(|panics| {
        let mut panics = panics.try_borrow_mut().ok()?;
        if panics.len() == Panic::MOST {
            panics.remove(1);
        }
        panics.extend(panic.take());
        (fatal || panics.len() > 1).then(|| panics.clone())
    });
    // Where the thread's own data is gone, so is its runtime: nothing catches a panic there.
    let panics = in_flight.unwrap_or_else(|_| Some(panic.take().into_iter().collect()));
    let recorded = panics.is_some_and(record);
    match fatal {
        false => Outlook::Open,
        true if recorded => Outlook::Recorded,
        true => Outlook::Unrecorded,
    }
}

/// Somebody has caught what this thread panicked with; for code that runs while nothing unwinds.
pub(super) fn caught() {
    if !std::thread::panicking() {
        let _ = IN_FLIGHT.try_with(|panics| {
            if let Ok(mut panics) = panics.try_borrow_mut() {
                panics.clear();
            }
        });
    }
}

fn record(mut panics: Vec<Panic>) -> bool {
    for panic in &mut panics {
        redaction::text(&mut panic.text);
        size::cut(&mut panic.text, Panic::TEXT);
    }
    platform::current().record_panics(&panics).is_ok()
}

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}
