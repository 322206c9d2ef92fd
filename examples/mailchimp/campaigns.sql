-- Campaigns that were sent, by the names they have in Mailchimp.
SELECT campaign_id, name, 'email' AS channel, sent_at AS starts_at
FROM _campaigns
WHERE status = 'sent'
