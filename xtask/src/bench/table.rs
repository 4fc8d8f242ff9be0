//! Samples to figures, figures to a table.

use anyhow::{Result, ensure};
use serde::Serialize;

use super::Measurement;

/// A measurement's figures.
#[derive(Serialize)]
pub struct Row {
    name: &'static str,
    unit: &'static str,
    samples: usize,
    median: f64,
    p99: f64,
    aim: Option<f64>,
}

impl Row {
    /// The figures of `samples`, of which there must be one at least.
    pub fn new(measurement: &Measurement, mut samples: Vec<f64>) -> Result<Self> {
        ensure!(!samples.is_empty(), "{} took no samples", measurement.name);
        samples.sort_by(f64::total_cmp);
        let Measurement { name, unit, aim, .. } = *measurement;
        let (median, p99) = (percentile(&samples, 50), percentile(&samples, 99));
        Ok(Self { name, unit, samples: samples.len(), median, p99, aim })
    }

    fn cells(&self) -> [String; 6] {
        let figure = |value: f64| if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") };
        let aim = self
            .aim
            .map_or_else(String::new, |aim| format!("< {aim}{}", if self.median < aim { "" } else { " MISSED" }));
        [
            self.name.to_owned(),
            figure(self.median),
            figure(self.p99),
            self.unit.to_owned(),
            self.samples.to_string(),
            aim,
        ]
    }
}

/// The table, columns as wide as their widest cell.
pub fn render(rows: &[Row]) -> String {
    let head = ["measurement", "median", "p99", "unit", "samples", "aim"].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|cells| cells[column].len()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let align = |cells: &[String; 6]| {
        let cells = cells.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
            1 | 2 | 4 => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(align).collect::<Vec<_>>().join("\n")
}

/// The median of samples in any order.
pub fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    percentile(&sorted, 50)
}

/// The nearest-rank percentile of sorted samples: always a value that was measured.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: Measurement =
        Measurement { name: "PIN", unit: "ms", aim: Some(20.0), needs: None, take: |_| Ok(Vec::new()) };

    #[test]
    fn a_percentile_is_a_measured_value() {
        let hundred: Vec<_> = (1..=100).map(f64::from).collect();
        assert_eq!((percentile(&hundred, 50), percentile(&hundred, 99)), (50.0, 99.0));
        assert_eq!((percentile(&[7.0], 50), percentile(&[7.0], 99)), (7.0, 7.0));
        assert_eq!((percentile(&hundred[..10], 0), percentile(&hundred[..10], 99)), (1.0, 10.0));
    }

    #[test]
    fn samples_may_come_in_any_order() {
        let row = Row::new(&PIN, vec![3.0, 1.0, 2.0]).expect("samples");
        assert_eq!((row.median, row.p99, row.samples), (2.0, 3.0, 3));
    }

    #[test]
    fn no_samples_are_no_figure() {
        assert!(Row::new(&PIN, Vec::new()).is_err());
    }

    #[test]
    fn a_missed_aim_is_shown() {
        let kept = Row::new(&PIN, vec![1.0]).expect("samples");
        let missed = Row::new(&PIN, vec![25.0]).expect("samples");
        assert_eq!(
            render(&[kept, missed]),
            "measurement  median   p99  unit  samples  aim\n\
             PIN            1.00  1.00  ms          1  < 20\n\
             PIN            25.0  25.0  ms          1  < 20 MISSED"
        );
    }
}
