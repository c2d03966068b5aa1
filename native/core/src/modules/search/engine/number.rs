//! The natural logarithm, by a fixed sequence of operations: the libraries of two languages may
//! differ in the last bit, and two equal indexes would then rank differently.

/// The natural logarithm of a finite number from 1 on.
pub fn ln(x: f64) -> f64 {
    let mut mantissa = x;
    let mut exponent = 0.0;
    while mantissa > std::f64::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1.0;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let mut sum = 1.0 / 23.0;
    let mut n = 21.0;
    while n >= 1.0 {
        sum = sum * z + 1.0 / n;
        n -= 2.0;
    }
    exponent * std::f64::consts::LN_2 + 2.0 * s * sum
}

#[cfg(test)]
mod tests {
    use super::ln;

    #[test]
    fn it_is_the_logarithm() {
        for i in 0..100_000 {
            let x = 1.0 + f64::from(i) * 0.37;
            assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().max(1.0), "{}", x);
        }
    }
}
