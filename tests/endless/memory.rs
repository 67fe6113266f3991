//! What a process keeps of sandboxes that it has dropped.

/// Resident memory of this process, in bytes; `None` where the system does not say, as all but Linux.
pub fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    Some(line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0)
}

/// How much `samples` grow from one to the next, by least squares.
pub fn slope(samples: &[f64]) -> f64 {
    let count = f64::from(u32::try_from(samples.len()).unwrap());
    let at = |index: usize| f64::from(u32::try_from(index).unwrap()) - (count - 1.0) / 2.0;
    let mean = samples.iter().sum::<f64>() / count;
    let products = samples.iter().enumerate().map(|(index, sample)| at(index) * (sample - mean)).sum::<f64>();
    products / (0..samples.len()).map(|index| at(index) * at(index)).sum::<f64>()
}
