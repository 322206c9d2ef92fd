-- What a market study says of each country: everybody together (no competitor), and two rivals.
SELECT
    "year" AS period,
    country AS cell_country,
    rival AS competitor,
    shoppers AS customers_n,
    turnover AS spend,
    margin,
    study AS source
FROM study
