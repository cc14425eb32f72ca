//! Keeps what was recorded, and writes it as text.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::catalogue;

/// The recorder of the process. There can be one only.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Where the records of this process are read. Clones are the same.
#[derive(Debug, Clone)]
pub struct MetricsExporter(PrometheusHandle);

impl MetricsExporter {
    /// Starts recording, if this process does not yet. `operations` are those of AWS, with their services.
    pub fn install(
        operations: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Result<Self, BuildError> {
        if let Some(handle) = RECORDER.get() {
            return Ok(Self(handle.clone()));
        }
        let mut builder = PrometheusBuilder::new();
        for (name, bounds) in catalogue::buckets() {
            builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds)?;
        }
        let handle = builder.install_recorder()?;
        catalogue::describe(operations);
        metrics_process::Collector::default().describe();
        Ok(Self(RECORDER.get_or_init(|| handle).clone()))
    }

    /// Sorts what was recorded since the last time into its buckets. Without it, a service that nobody scrapes would keep
    /// each single record.
    pub fn tidy(&self) {
        self.0.run_upkeep();
    }

    /// In the text format of Prometheus, version 0.0.4.
    pub(super) fn text(&self) -> String {
        self.0.render()
    }
}
