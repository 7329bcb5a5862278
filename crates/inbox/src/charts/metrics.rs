//! Metrics over time, by name and attribute.

use std::collections::{BTreeMap, BTreeSet};

use super::{PARTS, Range};
use crate::answers::{MetricNames, MetricPoint, MetricSeries, MetricSeriesOf, NamedMetric};
use crate::received::fields::text;
use crate::received::{Entry, Payload, attribute};
use crate::store::State;

/// Most names that are listed, most attributes of one, and most values of an attribute that it is split by.
pub(crate) const MAX_NAMES: usize = 500;
pub(crate) const MAX_ATTRIBUTES: usize = 50;
pub(crate) const MAX_SERIES: usize = 20;

/// A measured value, copied so that it can be read without the lock.
pub(crate) struct Measured {
    name: String,
    at: f64,
    payload: Payload,
}

/// What is held of one metric, or of all.
pub(crate) fn measured(state: &State, name: Option<&str>) -> Vec<Measured> {
    let wanted = state.metrics.iter().filter(|it| name.is_none_or(|name| it.text == name));
    let of = |it: &Entry| Measured { name: it.text.clone(), at: it.at, payload: it.payload.clone() };
    wanted.map(of).collect()
}

/// The metrics by name.
pub(crate) fn names(measured: &[Measured]) -> MetricNames {
    let mut all: BTreeMap<&str, (NamedMetric, BTreeSet<String>)> = BTreeMap::new();
    for it in measured {
        if all.len() >= MAX_NAMES && !all.contains_key(it.name.as_str()) {
            continue;
        }
        let payload = it.payload.read();
        let (named, attributes) = all.entry(&it.name).or_insert_with(|| {
            let named =
                NamedMetric { name: it.name.clone(), ty: None, unit: None, count: 0, attributes: Vec::new() };
            (named, BTreeSet::new())
        });
        named.count += 1;
        named.ty = text(&payload["type"]).or(named.ty.take());
        named.unit = text(&payload["unit"]).or(named.unit.take());
        for (name, _) in payload["attributes"].as_object().into_iter().flatten() {
            if attributes.len() < MAX_ATTRIBUTES {
                attributes.insert(name.clone());
            }
        }
    }
    let complete = |(named, attributes): (NamedMetric, BTreeSet<String>)| NamedMetric {
        attributes: attributes.into_iter().collect(),
        ..named
    };
    MetricNames { metrics: all.into_values().map(complete).collect() }
}

/// One metric over time; `by` splits it by the values of an attribute.
pub(crate) fn series(measured: &[Measured], name: String, by: Option<String>, range: Range) -> MetricSeries {
    let mut all: BTreeMap<Option<String>, MetricSeriesOf> = BTreeMap::new();
    for it in measured {
        let payload = it.payload.read();
        let (Some(part), Some(number)) = (range.part(it.at), payload["value"].as_f64()) else { continue };
        let value = by.as_ref().and_then(|by| attribute(&payload, by));
        let of = all.entry(value.clone()).or_insert_with(|| MetricSeriesOf {
            value,
            count: 0,
            points: vec![None; PARTS],
        });
        of.count += 1;
        if let Some(point) = of.points.get_mut(part) {
            *point = Some(with(*point, number));
        }
    }
    let mut series: Vec<_> = all.into_values().collect();
    series.sort_by_key(|of| std::cmp::Reverse(of.count));
    let omitted = series.len().saturating_sub(MAX_SERIES);
    series.truncate(MAX_SERIES);
    MetricSeries { name, by, from: range.from, step: range.step, series, omitted }
}

fn with(point: Option<MetricPoint>, number: f64) -> MetricPoint {
    let Some(point) = point else {
        return MetricPoint { count: 1, sum: number, min: number, max: number, last: number };
    };
    MetricPoint {
        count: point.count + 1,
        sum: point.sum + number,
        min: point.min.min(number),
        max: point.max.max(number),
        last: number,
    }
}
