//! The check digit of Damm (2004): sees every single wrong digit and every swap of neighbours, so that a misheard PIN is
//! told from a wrong one and costs no attempt.

/// The quasigroup of order 10 that H. Michael Damm published in his thesis of 2004.
const TABLE: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// The check digit, in ASCII, of ASCII digits; zero for digits that already end in theirs.
///
/// # Panics
/// If a byte is no ASCII digit: callers hold parsed digits.
pub fn check_digit(digits: &[u8]) -> u8 {
    b'0' + digits.iter().fold(0, |row, digit| TABLE[usize::from(row)][usize::from(digit - b'0')])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn one_wrong_digit_or_two_swapped_neighbours_are_seen(
            digits in proptest::collection::vec(b'0'..=b'9', 8), at in 0_usize..8, other in b'0'..=b'9',
        ) {
            let check = check_digit(&digits);
            let mut wrong = digits.clone();
            wrong[at] = other;
            prop_assert_eq!(check_digit(&wrong) == check, wrong == digits);
            let mut swapped = [&digits[..], &[check]].concat();
            swapped.swap(at, at + 1);
            prop_assert_eq!(check_digit(&swapped) == b'0', digits[at] == *[&digits[..], &[check]].concat().get(at + 1).unwrap());
        }
    }
}
