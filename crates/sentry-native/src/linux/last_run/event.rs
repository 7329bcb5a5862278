//! The event of a run that ended without a report.

use std::fs::File;
use std::sync::Arc;
use std::time::SystemTime;

use sentry::protocol::{Event, Exception, Mechanism, PosixSignal};
use sentry::{Hub, Level};
use sentry_context::frames::Origin;
use sentry_context::platform::Panic;
use sentry_context::report::{self, Reportable};
use sentry_context::runtime_stats::mb;
use sentry_context::{Facts, facts};

use super::image::Image;
use super::record::{self, Vitals};
use super::signals;
use super::termination::Termination;

/// Share of its limit from which memory is taken for the reason of a termination that nobody saw.
const SHORT: f64 = 0.75;

/// A run that ended without a report.
#[derive(Debug, thiserror::Error)]
#[error("the last run {}", self.end())]
pub(super) struct Ended {
    service: &'static str,
    vitals: Vitals,
    termination: Option<Termination>,
    /// From which the termination followed, the first one first.
    panics: Vec<Panic>,
    panic_type: &'static str,
    last_seen: SystemTime,
}

impl Ended {
    /// `None` if there was no run, nothing that can be read of it, or an end that was asked for.
    pub(super) fn read(file: &File, service: &'static str, panic_type: &'static str) -> Option<Self> {
        let last_seen = record::plausible(file.metadata().ok()?.modified().ok()?);
        let (vitals, termination, panics) = record::read(file)?;
        let asked = termination.as_ref().is_some_and(|termination| signals::is_asked(termination.signal));
        (!asked).then_some(Self { service, vitals, termination, panics, panic_type, last_seen })
    }

    /// Reports it with what was true of it, not of this process.
    pub(super) fn report(self, hub: &Arc<Hub>) {
        let (service, release, stats) = (self.service, self.vitals.release.clone(), self.vitals.stats);
        let (last_seen, causes) = (self.last_seen, self.causes());
        let as_it_was = move |mut event: Event<'static>| {
            event.contexts.extend(stats.contexts(service, &release));
            event.release = Some(release.clone().into());
            event.timestamp = last_seen;
            event.exception.values.splice(0..0, causes.iter().cloned());
            Some(event)
        };
        Hub::run(Arc::clone(hub), || {
            hub.with_scope(
                |scope| scope.add_event_processor(as_it_was),
                || report::capture(&self, &Origin::of(Vec::new())),
            );
        });
    }

    /// The panics as exceptions, with their stacks where this is the same program.
    fn causes(&self) -> Vec<Exception> {
        let images = self.vitals.image.as_ref().zip(Image::own());
        let stack = |panic: &Panic| {
            let (then, now) = images.as_ref()?;
            Origin::of(then.translated(&panic.addresses, now)).stacktrace()
        };
        // The one with which the standard library ends the process follows from those before.
        let reported =
            self.panics.iter().enumerate().filter(|(index, panic)| *index == 0 || !panic.is_fatal());
        reported
            .map(|(_, panic)| Exception {
                ty: self.panic_type.to_owned(),
                value: Some(panic.text.clone()),
                stacktrace: stack(panic),
                mechanism: Some(Mechanism {
                    ty: "panic".to_owned(),
                    handled: Some(false),
                    ..Mechanism::default()
                }),
                ..Exception::default()
            })
            .collect()
    }

    /// Most of what it was allowed to have.
    fn was_short_of_memory(&self) -> bool {
        let used = mb(self.vitals.stats.memory_bytes);
        self.vitals.memory_limit_mb.is_some_and(|limit| used > SHORT * limit)
    }

    /// Without numbers that differ from termination to termination.
    fn end(&self) -> String {
        match &self.termination {
            Some(termination) if !self.panics.is_empty() => {
                format!("was terminated by {}: a panic that nothing could catch", termination.name())
            }
            Some(termination) => {
                format!("was terminated by {}: {}", termination.name(), termination.reason())
            }
            None if self.was_short_of_memory() => "was killed when its memory limit was used up".to_owned(),
            None => "was gone at once: SIGKILL, an exit without a shutdown, or no power".to_owned(),
        }
    }
}

impl Reportable for Ended {
    fn type_name(&self) -> &'static str {
        match &self.termination {
            Some(termination) => termination.name(),
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
        "last_run"
    }

    fn signal(&self) -> Option<PosixSignal> {
        self.termination.as_ref().map(Termination::posix)
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        let (stats, termination) = (&self.vitals.stats, self.termination.as_ref());
        let facts = facts([
            ("signal", termination.map(|it| it.signal).into()),
            ("signal_code", termination.map(|it| it.code).into()),
            ("thread", termination.map(|it| it.thread.clone()).into()),
            ("pid", self.vitals.pid.into()),
            ("uptime_seconds", stats.uptime_seconds.round().into()),
            ("memory_mb", mb(stats.memory_bytes).into()),
            ("memory_limit_mb", self.vitals.memory_limit_mb.into()),
            ("machine_memory_free_mb", mb(stats.memory_free).into()),
            ("threads", stats.threads.into()),
            ("open_fds", stats.open_fds.into()),
            ("panicked_at", self.panics.iter().map(|it| it.place.clone()).collect::<Vec<_>>().into()),
        ]);
        Some(("last_run", facts))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fuzz_a_record_of_any_content_is_reported_or_left_alone(
            release in ".{0,40}",
            number in any::<u64>(),
            started in any::<u64>(),
            torn in 0..1_200_usize,
            noise in proptest::collection::vec(any::<u8>(), 0..1_200),
        ) {
            let path = std::env::temp_dir().join(format!("record-fuzz-{}", std::process::id()));
            let file = File::options().create(true).truncate(true).read(true).write(true).open(&path).unwrap();
            std::fs::remove_file(path).unwrap();
            let mut entry = serde_json::json!({
                "release": release, "pid": number as u32, "memory_limit_mb": number as f64,
                "stats": {
                    "memory_bytes": number, "cpu_percent": number as f32, "threads": number as u32,
                    "open_fds": 1, "uptime_seconds": number as f64, "memory_total": number, "memory_free": number,
                    "started": { "secs_since_epoch": started >> 1, "nanos_since_epoch": 0 },
                },
            })
            .to_string()
            .into_bytes();
            entry.resize(1_024.max(entry.len()), b' ');
            entry.truncate(if torn < 1_024 { torn } else { entry.len() });
            file.write_all_at(&entry, 0).unwrap();
            file.write_all_at(&noise, 1_024).unwrap();
            if let Some(ended) = Ended::read(&file, "shop", "Panic") {
                let mut event = report::event_of(&ended, &Origin::of(ended.causes().iter().map(|_| 0).collect()));
                event.contexts.extend(ended.vitals.stats.contexts(ended.service, &ended.vitals.release));
                event.timestamp = ended.last_seen;
                prop_assert!(serde_json::to_vec(&event).unwrap().len() < 100_000);
            }
        }
    }
}
