//! Panics that were reported lately: an answer names the event of its own panic, and never another request's.
//!
//! A payload that unwinds through a request did not always begin to unwind there: a handler resumes the panic of a
//! thread or a task, and no hook runs for that. So the hook remembers whose scope an event was made in, and what the
//! payload looked like. A request is given the event of a payload like its own from its own scope; else, if there is
//! exactly one since it began, from a scope of no request at all.

use std::any::{Any, TypeId};
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use sentry::types::Uuid;
use tokio::task;

/// Panics that are remembered; the oldest is forgotten first.
const MOST: usize = 1024;

static PANICS: Mutex<VecDeque<Panic>> = Mutex::new(VecDeque::new());

/// Numbers requests and panics alike: the smaller number came first.
static NEXT: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static MARKED: Cell<Option<Owner>> = const { Cell::new(None) };
}

/// A request, as the owner of the events that are made in its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(u64);

impl Owner {
    /// A request that begins now.
    pub(crate) fn new() -> Self {
        Self(NEXT.fetch_add(1, Relaxed))
    }

    /// For an event processor of the request's scope: the event that this thread makes is the request's.
    pub(crate) fn mark(self) {
        MARKED.set(Some(self));
    }

    /// Whose the event was that this thread made since the last call.
    pub(crate) fn take() -> Option<Self> {
        MARKED.take()
    }
}

/// A panic that has an event.
struct Panic {
    number: u64,
    event: Uuid,
    owner: Option<Owner>,
    /// The task that panicked.
    task: Option<task::Id>,
    payload: Likeness,
    /// An answer names it already.
    claimed: bool,
}

/// What can be compared of a payload: its type, and where its text is. It is the same before and after the unwinding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Likeness {
    ty: TypeId,
    text: Option<(usize, usize)>,
}

impl Likeness {
    fn of(payload: &(dyn Any + Send)) -> Self {
        let formatted = payload.downcast_ref::<String>().map(String::as_str);
        let text = formatted.or_else(|| payload.downcast_ref::<&'static str>().copied());
        Self { ty: payload.type_id(), text: text.map(|text| (text.as_ptr().addr(), text.len())) }
    }
}

/// What is known of a payload that a request ended in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It has this event.
    Event(Uuid),
    /// It has one, but it is unknown which.
    OneOfSeveral,
    /// No hook has seen it: it was made to be resumed.
    Unreported,
}

/// Remembers that this thread panics now.
pub(crate) fn remember(event: Uuid, owner: Option<Owner>, payload: &(dyn Any + Send)) {
    let panic = Panic {
        number: NEXT.fetch_add(1, Relaxed),
        event,
        owner,
        task: task::try_id(),
        payload: Likeness::of(payload),
        claimed: false,
    };
    let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    if panics.len() == MOST {
        panics.pop_front();
    }
    panics.push_back(panic);
}

/// The event of a payload that this request ended in.
pub(crate) fn claim(owner: Owner, payload: &(dyn Any + Send)) -> Claim {
    let likeness = Likeness::of(payload);
    claim_where(owner, |panic| panic.payload == likeness)
}

/// The event of blocking work whose payload is lost, and that was bound to no request.
pub(crate) fn claim_blocking(owner: Owner) -> Claim {
    claim_where(owner, |panic| panic.task.is_some())
}

/// The event of a task that ended in a panic.
pub(crate) fn of_task(task: task::Id) -> Option<Uuid> {
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    panics.iter().rev().find(|panic| panic.task == Some(task)).map(|panic| panic.event)
}

fn claim_where(owner: Owner, alike: impl Fn(&Panic) -> bool) -> Claim {
    let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(own) = panics.iter().rev().find(|panic| panic.owner == Some(owner) && alike(panic)) {
        return Claim::Event(own.event);
    }
    let forgotten = panics.len() == MOST && panics.front().is_some_and(|oldest| oldest.number > owner.0);
    let nobodys = |panic: &&mut Panic| {
        panic.owner.is_none() && !panic.claimed && panic.number > owner.0 && alike(panic)
    };
    let mut candidates = panics.iter_mut().filter(nobodys);
    match (candidates.next(), candidates.next()) {
        (None, _) if !forgotten => Claim::Unreported,
        (Some(only), None) if !forgotten => {
            only.claimed = true;
            Claim::Event(only.event)
        }
        _ => Claim::OneOfSeveral,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn a_request_is_given_its_own_panic_and_one_of_nobodys_only_if_there_is_no_other() {
        let (before, payload) = (Owner::new(), "a panic of a test that is about requests");
        remember(event(1), None, &payload);
        let (own, other) = (Owner::new(), Owner::new());
        assert_eq!(claim(own, &payload), Claim::Unreported, "it panicked before the request began");
        remember(event(2), Some(other), &payload);
        assert_eq!(claim(own, &payload), Claim::Unreported, "it is the other's");
        remember(event(3), Some(own), &payload);
        remember(event(4), None, &payload);
        assert_eq!(claim(own, &payload), Claim::Event(event(3)));
        assert_eq!(claim(before, &payload), Claim::OneOfSeveral);
        assert_eq!(claim(Owner::new(), &payload), Claim::Unreported);
        let last = Owner::new();
        remember(event(5), None, &payload);
        assert_eq!(claim(last, &"a text of its own"), Claim::Unreported);
        assert_eq!(claim(last, &payload), Claim::Event(event(5)));
        assert_eq!(claim(last, &payload), Claim::Unreported, "named already");
    }

    #[test]
    fn texts_that_are_equal_are_not_the_same_payload() {
        let owner = Owner::new();
        let (one, other) = (format!("equal {owner:?}"), format!("equal {owner:?}"));
        remember(event(6), None, &one);
        assert_eq!(claim(owner, &other), Claim::Unreported);
        let boxed: Box<dyn Any + Send> = Box::new(one);
        assert_eq!(claim(owner, &*boxed), Claim::Event(event(6)), "it has moved");
    }
}
