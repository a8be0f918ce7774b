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
        Self { sum, classes: bounds.into_iter().chain([f64::INFINITY]).zip(counts).collect() }
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

#[cfg(test)]
mod tests {
    use prometheus_client::{
        collector::Collector,
        encoding::{DescriptorEncoder, text::encode},
        registry::{Registry, Unit},
    };

    use super::*;

    #[derive(Debug)]
    struct Waits;

    impl Collector for Waits {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
            let no_unit: Option<&Unit> = None;
            let encoder = encoder.encode_descriptor("waits", "Waits", no_unit, MetricType::Histogram)?;
            ConstHistogram::new(7.5, [1.0, 2.0], [3, 1, 2]).encode(encoder)
        }
    }

    #[test]
    fn classes_add_up_and_the_last_has_no_end() {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Waits));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let lines = ["waits_sum 7.5", "waits_count 6", "{le=\"1.0\"} 3", "{le=\"2.0\"} 4", "{le=\"+Inf\"} 6"];
        for line in lines {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
