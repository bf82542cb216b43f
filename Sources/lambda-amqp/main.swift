print("lambda")
