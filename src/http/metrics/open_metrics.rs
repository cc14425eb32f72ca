//! Turns the text format of Prometheus into that of `OpenMetrics` 1.0, which is stricter.
//!
//! The exporter of the `metrics` crates writes the first one only. Source of the rules:
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>

pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The same metrics as `OpenMetrics`: without blank lines, counters described without `_total`, bounds of buckets with a
/// decimal point, and an end that shows that nothing is missing.
pub(super) fn of_prometheus(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(line).collect();
    lines.push("# EOF\n".to_owned());
    lines.join("\n")
}

fn line(line: &str) -> String {
    let mut words = line.splitn(4, ' ');
    if let (Some("#"), Some(what), Some(name), Some(rest)) =
        (words.next(), words.next(), words.next(), words.next())
    {
        return format!("# {what} {} {rest}", name.strip_suffix("_total").unwrap_or(name));
    }
    with_decimal_point(line)
}

/// `le="5"` as `le="5.0"`.
fn with_decimal_point(line: &str) -> String {
    const BOUND: &str = "le=\"";
    let found = line.split_once(BOUND).and_then(|(before, rest)| Some((before, rest.split_once('"')?)));
    match found {
        Some((before, (bound, after))) if bound.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{before}{BOUND}{bound}.0\"{after}")
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_rules_are_kept() {
        let text = "# HELP a_total How many, of a_total.\n# TYPE a_total counter\na_total{b=\"c d\"} 1\n\n\
                    # TYPE e_seconds histogram\ne_seconds_bucket{le=\"0.5\"} 1\ne_seconds_bucket{le=\"5\"} 1\n\
                    e_seconds_bucket{le=\"+Inf\"} 1\ne_seconds_sum 0.1\ne_seconds_count 1\n\n";
        let expected = "# HELP a How many, of a_total.\n# TYPE a counter\na_total{b=\"c d\"} 1\n\
                        # TYPE e_seconds histogram\ne_seconds_bucket{le=\"0.5\"} 1\n\
                        e_seconds_bucket{le=\"5.0\"} 1\ne_seconds_bucket{le=\"+Inf\"} 1\ne_seconds_sum 0.1\n\
                        e_seconds_count 1\n# EOF\n";
        assert_eq!(of_prometheus(text), expected);
        assert_eq!(of_prometheus(""), "# EOF\n");
    }
}
