use proctor_cron::{Expression, time_zone};

#[test]
fn a_refusal_names_the_field_the_text_and_what_is_allowed() {
    for line in include_str!("refusals.txt").lines() {
        let (text, wanted) = line.split_once(" => ").unwrap();

        let error = Expression::parse(text).expect_err(text);

        assert_eq!(error.to_string(), wanted, "{text}");
    }
}

#[test]
fn an_empty_text_has_no_fields() {
    for text in ["", "  "] {
        let error = Expression::parse(text).unwrap_err().to_string();

        assert!(error.contains("has 0 fields"), "{error}");
    }
}

#[test]
fn an_expression_is_kept_as_written_and_stored_with_its_second() {
    for (text, stored) in [
        ("5/15  * * JAN mon", "0 5/15  * * JAN mon"),
        ("0 9 * *", "0 0 9 * *"),
        ("@weekly", "0 0 0 * * 0"),
    ] {
        let expression = Expression::parse(text).unwrap();

        assert_eq!(expression.to_string(), text);
        assert_eq!(expression.stored(), stored);
        let read = Expression::from_stored(stored).unwrap();
        assert_eq!(read.stored(), stored);
    }
    let error = Expression::from_stored("5 * * * *")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("does not begin with the second 0"),
        "{error}"
    );
}

#[test]
fn an_unknown_zone_is_named() {
    let error = time_zone("Europe/Atlantis").unwrap_err().to_string();

    assert!(error.contains("`Europe/Atlantis`"), "{error}");
    assert!(time_zone("europe/berlin").is_ok());
}
