//! A histogram whose classes are counted elsewhere, as Prometheus wants it.

use std::fmt;

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::MetricType,
};

/// Its figures at one moment.
#[derive(Debug)]
pub(super) struct ConstHistogram {
    sum: f64,
    /// Upper ends, each with the count of its class alone; the last has none.
    classes: Vec<(f64, u64)>,
}

impl ConstHistogram {
    /// `counts` are those of the classes that end at `bounds`, and one more.
    pub(super) fn new(sum: f64, bounds: impl IntoIterator<Item = f64>, counts: impl IntoIterator<Item = u64>) -> Self {
        Self { sum, classes: bounds.into_iter().chain([f64::MAX]).zip(counts).collect() }
    }
}

impl EncodeMetric for ConstHistogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let count = self.classes.iter().map(|(_, count)| count).sum();
        encoder.encode_histogram::<NoLabelSet>(self.sum, count, &self.classes, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}
