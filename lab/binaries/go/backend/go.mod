module oncall.remedy/lab/backend

go 1.25.0
