-- One row a customer: what the contract includes and how it is paid. The columns' meanings are in source.toml.
SELECT
    customerID AS customer_id,
    gender,
    Contract AS attr_contract,
    SeniorCitizen AS attr_senior,
    Partner AS attr_partner,
    Dependents AS attr_dependents,
    PhoneService AS attr_phone,
    MultipleLines AS attr_lines,
    InternetService AS attr_internet,
    OnlineSecurity AS attr_security,
    OnlineBackup AS attr_backup,
    DeviceProtection AS attr_protection,
    TechSupport AS attr_support,
    StreamingTV AS attr_tv,
    StreamingMovies AS attr_movies,
    PaperlessBilling AS attr_paperless,
    PaymentMethod AS attr_payment
FROM telco
