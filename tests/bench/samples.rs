//! Taking turns, and what came of it.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::report::{Row, Spread, Target, Unit};

/// How long something took, many times over.
#[derive(Debug)]
pub(crate) struct Samples(Histogram<u64>);

impl Samples {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new(3)?))
    }

    pub(crate) fn add(&mut self, elapsed: Duration) -> Result<()> {
        Ok(self.0.record(u64::try_from(elapsed.as_nanos())?)?)
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    pub(crate) fn spread(&self) -> Spread {
        Spread { p50: self.0.value_at_quantile(0.5), p99: Some(self.0.value_at_quantile(0.99)) }
    }
}

/// How often something is measured: Muster `times` times, the bound `times` times, and so on, `rounds` times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounds {
    pub(crate) rounds: usize,
    pub(crate) times: usize,
}

/// Measures Muster and the bound in turns. Each closure does the work once and says how long the part took that counts.
pub(crate) async fn in_turns<F>(
    what: impl Into<String>,
    Rounds { rounds, times }: Rounds,
    target: Target,
    mut muster: impl FnMut() -> F,
    mut bound: impl FnMut() -> Result<Duration>,
) -> Result<Row>
where
    F: Future<Output = Result<Duration>>,
{
    let mut of_muster = Samples::new()?;
    let mut of_bound = Samples::new()?;
    // The first time pays for what is needed once: threads, statements, pages.
    muster().await?;
    bound()?;
    for _ in 0..rounds {
        for _ in 0..times {
            of_muster.add(muster().await?)?;
        }
        for _ in 0..times {
            of_bound.add(bound()?)?;
        }
    }
    Ok(Row {
        what: what.into(),
        unit: Unit::Nanoseconds,
        muster: of_muster.spread(),
        bound: Some(of_bound.spread()),
        target,
    })
}
