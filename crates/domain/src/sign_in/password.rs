//! The check of a new password: it must be long enough and hard to guess.

use zxcvbn::{Score, feedback::Warning, zxcvbn};

use super::person::{PASSWORD_MAX, PASSWORD_MIN, PersonError};

/// Checks a new password for the person with this address. The check is local: nothing is sent over the network.
pub fn check_password(password: &str, email: &str) -> Result<(), PersonError> {
    if password.chars().count() < PASSWORD_MIN {
        return Err(PersonError::PasswordTooShort);
    }
    if password.len() > PASSWORD_MAX {
        return Err(PersonError::PasswordTooLong);
    }
    let name = email.split('@').next().unwrap_or_default();
    let host = email.split('@').nth(1).and_then(|host| host.split('.').next()).unwrap_or_default();
    let judged = zxcvbn(password, &[email, name, host, "unstale", "cloudfront"]);
    if judged.score() >= Score::Three {
        return Ok(());
    }
    Err(PersonError::PasswordWeak(why(judged.feedback().and_then(zxcvbn::feedback::Feedback::warning))))
}

fn why(warning: Option<Warning>) -> &'static str {
    match warning {
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => "it is like passwords that many people use",
        Some(
            Warning::StraightRowsOfKeysAreEasyToGuess
            | Warning::ShortKeyboardPatternsAreEasyToGuess
            | Warning::SequencesLikeAbcAreEasyToGuess,
        ) => "it follows the keys or the alphabet",
        Some(
            Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        ) => "it repeats itself",
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => "it is mostly a date",
        Some(
            Warning::AWordByItselfIsEasyToGuess
            | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        ) => "it is a name or a single word",
        None => "it is made of what is tried first",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_a_least_and_a_greatest_length() {
        let check = |password: &str| check_password(password, "ada@example.com");
        assert_eq!(check("short"), Err(PersonError::PasswordTooShort));
        assert_eq!(check(&"x".repeat(513)), Err(PersonError::PasswordTooLong));
        assert_eq!(check("correct horse battery"), Ok(()));
    }

    #[test]
    fn what_is_tried_first_is_refused_with_the_reason() {
        for (password, reason) in [
            ("password1234", "many people"),
            ("Password123!", ""),
            ("qwertyuiop[]", ""),
            ("aaaaaaaaaaaaaaaa", "repeats"),
            ("abcdefghijklmnop", ""),
            ("ada@example.com", ""),
            ("123456789012", ""),
        ] {
            let refused = check_password(password, "ada@example.com");
            assert!(
                matches!(refused, Err(PersonError::PasswordWeak(why)) if why.contains(reason)),
                "{password}: {refused:?}"
            );
        }
    }
}
