//! Shares: a part of a whole in millionths, from integers.

/// `part / whole` in millionths, rounded half to even; `None` for 0/0.
pub fn millionths(part: u128, whole: u128) -> Option<u32> {
    const SCALE: u128 = 1_000_000;
    if whole == 0 {
        return None;
    }
    // What is too large to scale loses bits that a millionth does not show.
    let (part, whole) = if part > u128::MAX / SCALE { (part >> 20, (whole >> 20).max(1)) } else { (part, whole) };
    let scaled = part * SCALE;
    let (quotient, rest) = (scaled / whole, scaled % whole);
    let up = rest > whole - rest || (rest == whole - rest && quotient % 2 == 1);
    u32::try_from(quotient + u128::from(up)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_half_to_even() {
        assert_eq!(millionths(1, 3), Some(333_333));
        assert_eq!(millionths(1, 2_000_000), Some(0));
        assert_eq!(millionths(3, 2_000_000), Some(2));
        assert_eq!(millionths(0, 0), None);
    }

    #[test]
    fn a_share_of_a_huge_whole_is_still_one() {
        assert_eq!(millionths(u128::MAX, u128::MAX), Some(1_000_000));
        assert_eq!(millionths(u128::MAX / 2, u128::MAX), Some(500_000));
        assert_eq!(millionths(1, u128::MAX), Some(0));
    }
}
