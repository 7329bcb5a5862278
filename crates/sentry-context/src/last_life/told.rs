//! A life that ended without a word, as it is told.

use std::fs::File;
use std::sync::Arc;
use std::time::SystemTime;

use sentry::protocol::{Event, PosixSignal};
use sentry::{Hub, Level};

use super::death::Death;
use super::record::{self, Vitals};
use super::signals;
use crate::client::{Service, contexts_of};
use crate::frames::Origin;
use crate::report::{self, Reportable};
use crate::runtime_stats::mb;
use crate::{Facts, facts};

/// Share of its limit from which memory is taken for the reason of a death that nobody saw.
const SHORT: f64 = 0.75;

/// A life that ended without a word.
#[derive(Debug, thiserror::Error)]
#[error("the process before this one {}", self.end())]
pub(super) struct Ended {
    service: &'static str,
    vitals: Vitals,
    death: Option<Death>,
    last_seen: SystemTime,
}

impl Ended {
    /// `None` where there was no life, nothing that can be read of it, or an end that was asked for.
    pub(super) fn read(file: &File, service: &Service) -> Option<Self> {
        let last_seen = file.metadata().ok()?.modified().ok()?;
        let (vitals, death) = record::read(file)?;
        let asked = death.as_ref().is_some_and(|death| signals::is_asked(death.signal));
        (!asked).then_some(Self { service: service.name, vitals, death, last_seen })
    }

    /// Tells it with what was true of it, not of this process.
    pub(super) fn report(self, hub: &Arc<Hub>) {
        let (service, release, stats) = (self.service, self.vitals.release.clone(), self.vitals.stats);
        let last_seen = self.last_seen;
        let as_it_was = move |mut event: Event<'static>| {
            event.contexts.extend(contexts_of(&stats, service, &release));
            event.release = Some(release.clone().into());
            event.timestamp = last_seen;
            Some(event)
        };
        Hub::run(Arc::clone(hub), || {
            hub.with_scope(
                |scope| scope.add_event_processor(as_it_was),
                || report::capture(&self, &Origin::of(Vec::new())),
            );
        });
    }

    /// Most of what it was allowed to have.
    fn was_short_of_memory(&self) -> bool {
        let used = mb(self.vitals.stats.memory_bytes);
        self.vitals.memory_limit_mb.is_some_and(|limit| used > SHORT * limit)
    }

    /// Without numbers that differ from death to death.
    fn end(&self) -> String {
        match &self.death {
            Some(death) => format!("died of {}: {}", death.name(), death.reason()),
            None if self.was_short_of_memory() => "was killed when its memory limit was used up".to_owned(),
            None => "was gone at once: SIGKILL, an exit without a shutdown, or no power".to_owned(),
        }
    }
}

impl Reportable for Ended {
    fn type_name(&self) -> &'static str {
        match &self.death {
            Some(death) => death.name(),
            None if self.was_short_of_memory() => "OutOfMemory",
            None => "ProcessKilled",
        }
    }

    fn level(&self) -> Level {
        Level::Fatal
    }

    fn handled(&self) -> bool {
        false
    }

    fn mechanism(&self) -> &'static str {
        "last_life"
    }

    fn signal(&self) -> Option<PosixSignal> {
        self.death.as_ref().map(Death::posix)
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        let (stats, death) = (&self.vitals.stats, self.death.as_ref());
        let facts = facts([
            ("signal", death.map(|it| it.signal).into()),
            ("signal_code", death.map(|it| it.code).into()),
            ("thread", death.map(|it| it.thread.clone()).into()),
            ("pid", self.vitals.pid.into()),
            ("uptime_seconds", stats.uptime_seconds.round().into()),
            ("memory_mb", mb(stats.memory_bytes).into()),
            ("memory_limit_mb", self.vitals.memory_limit_mb.into()),
            ("machine_memory_free_mb", mb(stats.memory_free).into()),
            ("threads", stats.threads.into()),
            ("open_fds", stats.open_fds.into()),
        ]);
        Some(("last_life", facts))
    }
}
