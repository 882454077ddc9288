SELECT MAX([v]) AS [datasync_max] FROM [dbo].[seen] WHERE ([v] IS NOT NULL)
GO
SELECT [id], [v] FROM [dbo].[seen] WHERE ([v] IS NOT NULL) AND ([v] <= 0x00000000000001c8) ORDER BY [v], [id]
