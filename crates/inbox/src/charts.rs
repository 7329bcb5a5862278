//! Charts: what is held, in equal parts of a range of time.

mod metrics;

use std::collections::BTreeMap;

use crate::answers::{Charts, OverTime, ReleaseChart, ServiceChart};
use crate::profiles::Profiles;
use crate::store::State;

pub(crate) use metrics::{measured, names, series};

/// Parts of a chart.
pub(crate) const PARTS: usize = 60;

/// The shortest and the longest range, seconds, and the one that is shown where none is asked for.
pub(crate) const MIN_SECONDS: f64 = 60.0;
pub(crate) const MAX_SECONDS: f64 = 7.0 * 86_400.0;
pub(crate) const SECONDS: f64 = 900.0;

/// Most services and most releases of a chart; further ones are left out.
const MAX_LINES: usize = 50;

/// A range that ends now, in equal parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) from: f64,
    pub(crate) step: f64,
}

impl Range {
    pub(crate) fn until(now: f64, seconds: f64) -> Self {
        let seconds = if seconds.is_finite() { seconds.clamp(MIN_SECONDS, MAX_SECONDS) } else { SECONDS };
        Self { from: now - seconds, step: seconds / PARTS as f64 }
    }

    /// The part that contains a time. What arrives while a chart is made belongs to the last one.
    pub(crate) fn part(&self, at: f64) -> Option<usize> {
        let part = (at - self.from) / self.step;
        (part >= 0.0 && part < (PARTS + 1) as f64).then(|| (part as usize).min(PARTS - 1))
    }
}

/// What a chart of a service is made of.
struct Line {
    requests: Vec<u64>,
    failed: Vec<u64>,
    errors: Vec<u64>,
    durations: Vec<Vec<f64>>,
    memory_mb: Vec<Option<f64>>,
    cpu_percent: Vec<Option<f64>>,
}

impl Default for Line {
    /// Nothing in any part.
    fn default() -> Self {
        let zeros = vec![0; PARTS];
        Self {
            requests: zeros.clone(),
            failed: zeros.clone(),
            errors: zeros,
            durations: vec![Vec::new(); PARTS],
            memory_mb: vec![None; PARTS],
            cpu_percent: vec![None; PARTS],
        }
    }
}

impl Line {
    fn chart(self, service: String) -> ServiceChart {
        ServiceChart {
            service,
            requests: self.requests,
            failed: self.failed,
            errors: self.errors,
            p95_ms: self.durations.into_iter().map(p95).collect(),
            memory_mb: self.memory_mb,
            cpu_percent: self.cpu_percent,
        }
    }
}

fn p95(mut durations: Vec<f64>) -> Option<f64> {
    durations.sort_by(f64::total_cmp);
    durations.get((durations.len() * 95).div_ceil(100).saturating_sub(1)).copied()
}

#[derive(Default)]
struct Lines(BTreeMap<String, Line>);

impl Lines {
    /// `None` if there are too many.
    fn of(&mut self, service: &str) -> Option<&mut Line> {
        if self.0.len() >= MAX_LINES && !self.0.contains_key(service) {
            return None;
        }
        Some(self.0.entry(service.to_owned()).or_default())
    }
}

fn add(counts: &mut [u64], part: usize, quantity: u64) {
    if let Some(count) = counts.get_mut(part) {
        *count = count.saturating_add(quantity);
    }
}

fn highest(values: &mut [Option<f64>], part: usize, value: Option<f64>) {
    if let (Some(highest), Some(value)) = (values.get_mut(part), value.filter(|it| it.is_finite())) {
        *highest = Some(highest.map_or(value, |it| it.max(value)));
    }
}

/// Statuses of transactions that did not fail. A transaction without a status has not failed.
const FINE: [&str; 3] = ["ok", "cancelled", "unknown"];

/// The services and releases over time.
pub(crate) fn charts(state: &State, range: Range) -> Charts {
    let mut lines = Lines::default();
    for summary in state.transactions.iter().map(|it| &it.summary) {
        let service = summary.service.as_ref().unwrap_or(&summary.project);
        let (Some(part), Some(line)) = (range.part(summary.received_at), lines.of(service)) else { continue };
        add(&mut line.requests, part, 1);
        let failed = summary.status.as_deref().is_some_and(|status| !FINE.contains(&status));
        add(&mut line.failed, part, u64::from(failed));
        if let Some(durations) = line.durations.get_mut(part) {
            durations.extend(summary.duration_ms);
        }
    }
    for event in state.events.iter() {
        let service = event.summary.service.as_ref().unwrap_or(&event.summary.project);
        let part = range.part(event.summary.received_at);
        let (Some(part), Some(line)) = (part, lines.of(service)) else { continue };
        add(&mut line.errors, part, 1);
        highest(&mut line.memory_mb, part, event.memory_mb);
        highest(&mut line.cpu_percent, part, event.cpu_percent);
    }
    of_profiles(&state.profiles, range, &mut lines);
    let services = lines.0.into_iter().map(|(service, line)| line.chart(service)).collect();
    Charts { from: range.from, step: range.step, services, releases: releases(state, range) }
}

/// Profilers measure more often than events happen.
fn of_profiles(profiles: &Profiles, range: Range, lines: &mut Lines) {
    profiles.visit_measured(|service, at, memory_mb, cpu_percent| {
        let (Some(part), Some(line)) = (range.part(at), lines.of(service)) else { return };
        highest(&mut line.memory_mb, part, memory_mb);
        highest(&mut line.cpu_percent, part, cpu_percent);
    });
}

fn releases(state: &State, range: Range) -> Vec<ReleaseChart> {
    let mut all: BTreeMap<&str, (Vec<u64>, Vec<u64>)> = BTreeMap::new();
    for change in state.sessions.changes() {
        let Some(part) = range.part(change.at) else { continue };
        if all.len() >= MAX_LINES && !all.contains_key(change.release.as_str()) {
            continue;
        }
        let (sessions, crashed) =
            all.entry(&change.release).or_insert_with(|| (vec![0; PARTS], vec![0; PARTS]));
        add(if change.crashed { crashed } else { sessions }, part, change.quantity);
    }
    let chart = |(release, (sessions, crashed)): (&str, (Vec<u64>, Vec<u64>))| {
        let rate = |(sessions, crashed): (&u64, &u64)| {
            (*sessions > 0).then(|| (1.0 - *crashed as f64 / *sessions as f64).max(0.0))
        };
        let crash_free = sessions.iter().zip(&crashed).map(rate).collect();
        ReleaseChart { release: release.to_owned(), sessions, crashed, crash_free }
    };
    all.into_iter().map(chart).collect()
}

/// Counts at times, from the first of them until now: an hour at least.
pub(crate) fn over_time(counts: impl Iterator<Item = (f64, u64)>, now: f64) -> OverTime {
    let counts: Vec<_> = counts.collect();
    let first = counts.first().map_or(now, |(at, _)| *at);
    let seconds = (now - first).max(3_600.0);
    let range = Range { from: now - seconds, step: seconds / PARTS as f64 };
    let mut parts = vec![0; PARTS];
    for (at, count) in counts {
        // The first minute may begin just before the range.
        add(&mut parts, range.part(at.max(range.from)).unwrap_or(PARTS - 1), count);
    }
    OverTime { from: range.from, step: range.step, counts: parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_one_part_or_out_of_range() {
        let range = Range::until(1_000.0, 600.0);
        assert_eq!([range.part(400.0), range.part(409.9), range.part(410.0)], [Some(0), Some(0), Some(1)]);
        assert_eq!([range.part(1_000.0), range.part(399.9), range.part(2_000.0)], [Some(59), None, None]);
        assert_eq!(range.part(f64::NAN), None);
        for seconds in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
            let step = Range::until(0.0, seconds).step;
            assert!((1.0..=MAX_SECONDS).contains(&step), "{seconds}: {step}");
        }
    }

    #[test]
    fn the_counts_of_all_parts_are_all_counts() {
        let counts = [(0.0, 1), (60.0, 2), (86_400.0, 4)];
        let chart = over_time(counts.into_iter(), 86_401.0);
        assert_eq!((chart.counts.len(), chart.counts.iter().sum::<u64>(), chart.counts[59]), (PARTS, 7, 4));
    }

    #[test]
    fn nineteen_of_twenty_are_no_longer() {
        assert_eq!(p95((1..=100).map(f64::from).collect()), Some(95.0));
        assert_eq!((p95(vec![7.0]), p95(Vec::new())), (Some(7.0), None));
    }
}
