-- What visitors do, one row an event, and for events about products one row a product of the event.
-- Other events (scroll, session_start, first_visit, ...) are left out; add those that your site sends to the list.
WITH named AS (
    SELECT
        *,
        CASE event_name
            WHEN 'page_view' THEN 'page_view'
            WHEN 'screen_view' THEN 'page_view'
            WHEN 'view_search_results' THEN 'search'
            WHEN 'search' THEN 'search'
            WHEN 'view_item' THEN 'product_view'
            WHEN 'add_to_cart' THEN 'add_to_cart'
            WHEN 'remove_from_cart' THEN 'remove_from_cart'
            WHEN 'begin_checkout' THEN 'checkout'
            WHEN 'login' THEN 'login'
        END AS kind
    FROM _events
), listed AS (
    SELECT
        *,
        -- A session is numbered within the device.
        user_pseudo_id || '-' || list_filter(params, lambda p: p.key = 'ga_session_id')[1].value.int_value
            AS session_id,
        unnest(CASE
            WHEN kind IN ('product_view', 'add_to_cart', 'remove_from_cart') AND len(items) > 0
            THEN [item.item_id FOR item IN items]
            ELSE [NULL]
        END) AS product_id
    FROM named
    WHERE kind IS NOT NULL
)
SELECT
    customer_id,
    happened_at AS "at",
    kind,
    session_id,
    product_id,
    device.category AS channel,
    CASE WHEN kind = 'search' THEN list_filter(params, lambda p: p.key = 'search_term')[1].value.string_value END
        AS query,
    -- The path alone: what follows the ? may name a person.
    CASE WHEN kind = 'page_view' THEN nullif(regexp_extract(
        list_filter(params, lambda p: p.key = 'page_location')[1].value.string_value,
        '^(?:https?://[^/?#]+)?(/[^?#]*)', 1), '')
    END AS page
FROM listed
